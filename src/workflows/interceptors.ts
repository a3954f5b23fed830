import { workflowInfo } from '@temporalio/workflow';
import type { WorkflowInterceptorsFactory } from '@temporalio/workflow';
import { workflowTracing } from '../workflow-tracing/interceptors';
import { GUARDIAN_WORKFLOW_TYPE } from './definitions';

/**
 * Traces every workflow but the guardian, which belongs to no order: a trace for each of its looks would be told to
 * nobody.
 *
 * Every worker, bundle and replayer must use this module: it decides the ids that histories agree on.
 */
export const interceptors: WorkflowInterceptorsFactory = () =>
  workflowInfo().workflowType === GUARDIAN_WORKFLOW_TYPE ? {} : workflowTracing();

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';
import type { WorkflowBundleOption, WorkflowBundle } from '@temporalio/worker';

const WORKFLOWS = path.join(__dirname, '../workflows');

/** Modules that every bundle and every worker must have in common, or histories do not replay. */
export const WORKFLOW_INTERCEPTORS = [path.join(WORKFLOWS, 'interceptors')];

/** Bundles the workflows with their interceptors; takes some seconds of CPU. */
export function bundleWorkflows(): Promise<WorkflowBundle> {
  return bundleWorkflowCode({
    workflowsPath: path.join(WORKFLOWS, 'index'),
    workflowInterceptorModules: WORKFLOW_INTERCEPTORS,
  });
}

/** Writes the bundle to `codePath`, for many workers to share ({@link workflowBundleAt}). */
export async function buildWorkflowBundle(codePath: string): Promise<void> {
  await writeFile(codePath, (await bundleWorkflows()).code);
}

/** The bundle that {@link buildWorkflowBundle} wrote. */
export function workflowBundleAt(codePath: string): WorkflowBundleOption {
  return { codePath };
}

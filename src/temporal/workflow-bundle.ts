import { writeFile } from 'node:fs/promises';
import { DefaultLogger, bundleWorkflowCode } from '@temporalio/worker';
import type { WorkflowBundle, WorkflowBundleOption } from '@temporalio/worker';

/**
 * The workflows and their interceptors in one piece; takes seconds of CPU. The interceptors decide the ids of
 * spans, so every worker and every replay must have the same.
 */
export function bundleWorkflows(): Promise<WorkflowBundle> {
  return bundleWorkflowCode({
    workflowsPath: require.resolve('../workflows'),
    workflowInterceptorModules: [require.resolve('../workflows/interceptors')],
    logger: new DefaultLogger('WARN'),
  });
}

/** Writes the bundle to `codePath`, for workers that are told `WORKFLOW_BUNDLE`. */
export async function buildWorkflowBundle(codePath: string): Promise<void> {
  const { code } = await bundleWorkflows();
  await writeFile(codePath, code);
}

/** The bundle at `codePath`, or one made now from the sources. */
export async function workflowBundle(codePath: string | undefined): Promise<WorkflowBundleOption> {
  return codePath === undefined ? bundleWorkflows() : { codePath };
}

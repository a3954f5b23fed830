import { writeFile } from 'node:fs/promises';
import { bundleWorkflowCode } from '@temporalio/worker';
import type { WorkflowBundleOption } from '@temporalio/worker';

/** The module whose exports are the workflows. */
export const WORKFLOWS_PATH = require.resolve('../workflows');

/** Modules that every bundle, worker and replay must have in common, or histories do not replay. */
export const WORKFLOW_INTERCEPTORS = [require.resolve('../workflows/interceptors')];

/** Writes the bundled workflows and interceptors to `codePath`, for workers that are told `WORKFLOW_BUNDLE`. */
export async function buildWorkflowBundle(codePath: string): Promise<void> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: WORKFLOWS_PATH,
    workflowInterceptorModules: WORKFLOW_INTERCEPTORS,
  });
  await writeFile(codePath, code);
}

/** The bundle that {@link buildWorkflowBundle} wrote. */
export function workflowBundleAt(codePath: string): WorkflowBundleOption {
  return { codePath };
}

import { writeFile } from 'node:fs/promises';
import { DefaultLogger, bundleWorkflowCode } from '@temporalio/worker';
import type { BundleOptions, WorkflowBundle, WorkflowBundleOption } from '@temporalio/worker';

/**
 * The workflows and their interceptors in one piece; takes seconds of CPU. The interceptors decide the ids of
 * spans, so every worker and every replay must have the same.
 */
export function bundleWorkflows(): Promise<WorkflowBundle> {
  return bundleWorkflowCode({
    workflowsPath: require.resolve('../workflows'),
    workflowInterceptorModules: [require.resolve('../workflows/interceptors')],
    logger: new DefaultLogger('WARN'),
    webpackConfigHook: forThisNode,
  });
}

type WebpackConfig = Parameters<NonNullable<BundleOptions['webpackConfigHook']>>[0];

/**
 * Has TypeScript translated for the Node that runs it, where Temporal's default (ES2017) would have private fields looked
 * up in maps and objects spread by functions.
 */
export function forThisNode(config: WebpackConfig): WebpackConfig {
  for (const rule of config.module?.rules ?? []) {
    const use = typeof rule === 'object' && rule !== null ? rule.use : undefined;
    const options = typeof use === 'object' && !Array.isArray(use) ? use.options : undefined;
    if (typeof options === 'object') Object.assign((options['jsc'] ?? {}) as object, { target: 'es2022' });
  }
  return config;
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

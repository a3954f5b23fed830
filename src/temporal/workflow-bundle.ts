import { writeFile } from 'node:fs/promises';
import { DefaultLogger, bundleWorkflowCode } from '@temporalio/worker';
import type { BundleOptions, WorkflowBundle, WorkflowBundleOption } from '@temporalio/worker';
import type { Config } from '../config/config';

/**
 * The workflows and their interceptors in one piece; takes seconds of CPU. The interceptors decide the ids of
 * spans, so every worker and every replay must have the same.
 *
 * @param options.stackTraces whether promises are recorded for Temporal's stack query (`unrecorded-promises.ts`).
 */
export function bundleWorkflows({ stackTraces = false } = {}): Promise<WorkflowBundle> {
  const workflows = require.resolve('../workflows');
  const interceptors = require.resolve('../workflows/interceptors');
  return bundleWorkflowCode({
    workflowsPath: workflows,
    workflowInterceptorModules: [interceptors],
    logger: new DefaultLogger('WARN'),
    webpackConfigHook: forThisNode,
    preloadModules: preloadedWith([workflows, interceptors], { stackTraces }),
  });
}

/**
 * Evaluated once a worker and not once an order, with everything that they import: none of it may keep anything of a run
 * in a variable of a module.
 */
export function preloadedWith(own: readonly string[], { stackTraces = false } = {}): string[] {
  const first = stackTraces ? [] : [require.resolve('../workflows/unrecorded-promises')];
  return [...first, '@temporalio/workflow', '@temporalio/common', '@opentelemetry/api', ...own];
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

/** The bundle that the worker is told of, or one made now from the sources. */
export async function workflowBundle({
  workflowBundle: codePath,
  stackTraces,
}: Pick<Config['worker'], 'workflowBundle' | 'stackTraces'>): Promise<WorkflowBundleOption> {
  return codePath === undefined ? bundleWorkflows({ stackTraces }) : { codePath };
}

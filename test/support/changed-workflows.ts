import { cp, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import type { ReplayWorkerOptions } from '@temporalio/worker';

const SOURCES = path.join(__dirname, '../../src');

/** Some text of one source file, and what stands in its place. */
export interface SourceChange {
  /** Below `src`. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** Gives a pause before the first step to every order, also to those that began without: their histories break. */
export const BREAKING_PAUSE: SourceChange = {
  file: 'workflows/run-order.ts',
  from: 'await saga.run(',
  to: "await (await import('@temporalio/workflow')).sleep(1); await saga.run(",
};

/** Gives it to those that begin from now on: the example of docs/upgrades.md. */
export const GUARDED_PAUSE: readonly SourceChange[] = [
  {
    file: 'workflows/run-order.ts',
    from: "import { setHandler } from '@temporalio/workflow';",
    to: "import { patched, setHandler, sleep } from '@temporalio/workflow';",
  },
  {
    file: 'workflows/run-order.ts',
    from: 'await saga.run(',
    to: "if (patched('pause-before-first-step')) await sleep(1);\n    await saga.run(",
  },
];

/** For copies of the sources: inside the project, so that they find its packages. The caller deletes it. */
export function newSourcesDirectory(): Promise<string> {
  return mkdtemp(path.join(SOURCES, '../.changed-workflows-'));
}

/** The workflows with `changes`, from a copy of the sources at `copy`. */
export async function changedWorkflows(copy: string, changes: readonly SourceChange[]) {
  for (const folder of ['workflows', 'workflow-tracing', 'saga', 'domain', 'activities']) {
    await cp(path.join(SOURCES, folder), path.join(copy, folder), { recursive: true });
  }
  for (const { file, from, to } of changes) {
    const original = await readFile(path.join(copy, file), 'utf8');
    if (!original.includes(from)) throw new Error(`${file} has no ${from}`);
    await writeFile(path.join(copy, file), original.replace(from, to));
  }
  return {
    workflowsPath: path.join(copy, 'workflows/index.ts'),
    interceptors: { workflowModules: [path.join(copy, 'workflows/interceptors.ts')] },
  } satisfies ReplayWorkerOptions;
}

/** {@link changedWorkflows} as a bundle, for `WORKFLOW_BUNDLE`. */
export async function changedBundle(copy: string, changes: readonly SourceChange[]): Promise<string> {
  const { workflowsPath, interceptors } = await changedWorkflows(copy, changes);
  const { code } = await bundleWorkflowCode({
    workflowsPath,
    workflowInterceptorModules: interceptors.workflowModules,
    logger: new DefaultLogger('WARN'),
  });
  const file = path.join(copy, 'bundle.cjs');
  await writeFile(file, code);
  return file;
}

import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { reportFailure } from '../../src/stack/run-until-signal';
import { buildWorkflowBundle } from '../../src/temporal/workflow-bundle';

/** Runs a script to its end, or until a signal: what it has started ends with it. */
export function runScript(main: () => Promise<void>): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  main().catch(reportFailure);
}

/** The number that an option says. @throws with the usage when it is no whole number from `from` on. */
export function wholeNumber(text: string, usage: string, from = 1): number {
  const number = Number(text);
  if (text !== '' && Number.isSafeInteger(number) && number >= from) return number;
  throw new Error(`'${text}' is no whole number from ${String(from)}: ${usage}`);
}

/** What `work` does with the workflows' bundle, made from the sources once for all parts that it starts. */
export async function withBundle<T>(work: (bundle: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'durable-orders-bundle-'));
  try {
    const bundle = path.join(directory, 'workflows.js');
    await buildWorkflowBundle(bundle);
    return await work(bundle);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

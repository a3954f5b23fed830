import type { PartName } from '../../src/stack/start-part';
import type { TestStack } from './stack';
import { TsProcess } from './ts-process';

/** Starts parts of `stack`, each in a process of its own as a deployment runs them, and returns when all answer. */
export async function startParts(
  stack: TestStack,
  names: readonly PartName[],
  settings: Readonly<Record<string, string>> = {},
): Promise<TsProcess[]> {
  const started = names.map(
    (name) => new TsProcess('src/start.ts', [name], { ...process.env, ...stack.environment, ...settings }),
  );
  try {
    await Promise.all(
      started.map((part, index) => part.said(new RegExp(`^${names[index] ?? ''}\\s+ready`, 'm'))),
    );
    return started;
  } catch (error) {
    await Promise.all(started.map((part) => part.dispose()));
    throw error;
  }
}

import { rm } from 'node:fs/promises';
import { keptForTeardown } from './global-state';

/** Ends what `global-setup.ts` started. */
export default async function globalTeardown(): Promise<void> {
  const state = keptForTeardown();
  await state?.environment.teardown();
  if (state !== undefined) await rm(state.directory, { recursive: true, force: true });
}

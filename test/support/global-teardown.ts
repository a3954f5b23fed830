import { rm } from 'node:fs/promises';
import { takeForTeardown } from './global-state';

/** Ends what `global-setup.ts` started. */
export default async function globalTeardown(): Promise<void> {
  const state = takeForTeardown();
  await state?.environment.teardown();
  if (state !== undefined) await rm(state.directory, { recursive: true, force: true });
}

import { mkdirSync, statSync } from 'node:fs';
import path from 'node:path';

/**
 * Makes a directory with those above it; one that exists is fine.
 *
 * Not by `mkdirSync(…, { recursive: true })`, which never returns where the system answers ENOENT although the
 * parent exists, as under `/proc`.
 *
 * @throws the system's error when it cannot be made, or is something else.
 */
export function makeDirectory(directory: string): void {
  const above = path.dirname(directory);
  if (above !== directory && statSync(above, { throwIfNoEntry: false }) === undefined) makeDirectory(above);
  try {
    mkdirSync(directory);
  } catch (error) {
    if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true) throw error;
  }
}

import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { ConfigError } from '../config/config';

const recordSchema = z.object({
  address: z.string().min(1),
  namespace: z.string().min(1),
  /** Where people look at workflows; absent when the server has no UI. */
  uiUrl: z.string().optional(),
  /** The server's process. */
  pid: z.number().int().positive(),
  /** The process that started it and stops it. */
  ownerPid: z.number().int().positive(),
});

/** What `<DATA_DIR>/temporal.json` tells others about the server that runs on this directory. */
export type ServerRecord = z.output<typeof recordSchema>;

/** Where the record of `dataDir` is. */
export function serverRecordPath(dataDir: string): string {
  return path.join(dataDir, 'temporal.json');
}

/**
 * The server that runs on `dataDir`, or did until it was killed; `undefined` when none does.
 *
 * @throws {@link ConfigError} when the file is there but not what this program writes.
 */
export async function readServerRecord(dataDir: string): Promise<ServerRecord | undefined> {
  const file = serverRecordPath(dataDir);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new ConfigError([`DATA_DIR=${dataDir}: ${(error as Error).message}`]);
  }
  try {
    return recordSchema.parse(JSON.parse(text));
  } catch {
    throw new ConfigError([
      `DATA_DIR=${dataDir}: ${file} does not describe a Temporal server; delete that file`,
    ]);
  }
}

/** Replaces the record in one step: a reader sees the old one or the new one. */
export async function writeServerRecord(dataDir: string, record: ServerRecord): Promise<void> {
  const file = serverRecordPath(dataDir);
  const draft = `${file}.${String(process.pid)}`;
  await writeFile(draft, `${JSON.stringify(record, undefined, 2)}\n`);
  await rename(draft, file);
}

/** Removes the record; fine when there is none. */
export async function removeServerRecord(dataDir: string): Promise<void> {
  await rm(serverRecordPath(dataDir), { force: true });
}

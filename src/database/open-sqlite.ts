import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Libsql from 'libsql';
import { ConfigError } from '../config/config';
import { errorMessage } from '../telemetry/error-type';
import { makeDirectory } from '../config/make-directory';
import { BUSY_TIMEOUT_MS, isBusy } from './sqlite-dialect';

/**
 * The embedded database `<dataDir>/<schema>.sqlite`, made when missing; what it has committed survives a loss of
 * power.
 *
 * @throws {@link ConfigError} naming DATA_DIR when nothing can be kept there.
 */
export async function openSqlite(dataDir: string, schema: string): Promise<Libsql.Database> {
  const file = path.join(dataDir, `${schema}.sqlite`);
  let database: Libsql.Database;
  try {
    makeDirectory(dataDir);
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
    database = new Libsql(file, { timeout: BUSY_TIMEOUT_MS });
  } catch (error) {
    throw unusable(dataDir, error);
  }
  try {
    await enterWalMode(database);
    // FULL: in WAL mode NORMAL may forget the last commits at a loss of power, and with them idempotency keys.
    database.pragma('synchronous = FULL');
    database.pragma('foreign_keys = ON');
    database.pragma(`busy_timeout = ${String(BUSY_TIMEOUT_MS)}`);
    return database;
  } catch (error) {
    database.close();
    throw unusable(file, error);
  }
}

/** Changing the mode needs the file alone, and SQLite does not wait for that by its busy timeout. */
async function enterWalMode(database: Libsql.Database): Promise<void> {
  const deadline = Date.now() + BUSY_TIMEOUT_MS;
  for (;;) {
    try {
      database.exec('pragma journal_mode = WAL');
      return;
    } catch (error) {
      if (!isBusy(error) || Date.now() >= deadline) throw error;
    }
    await sleep(5);
  }
}

function unusable(where: string, error: unknown): ConfigError {
  return new ConfigError([
    `DATA_DIR: ${where} cannot be used: ${errorMessage(error)}. It must be a directory that may be written`,
  ]);
}

import type { Migration } from 'kysely';
import { Kysely, Migrator, sql } from 'kysely';
import type { Config } from '../config/config';
import { databaseTracing } from '../telemetry/database-tracing';
import type { Telemetry } from '../telemetry/telemetry';
import { openPostgres } from './open-postgres';
import { openSqlite } from './open-sqlite';
import { ImmediateSqliteDialect } from './sqlite-dialect';

export type DatabaseConfig = Pick<Config, 'dataDir' | 'databaseUrl'>;

export interface DatabaseOptions {
  /** The service's own: a file under DATA_DIR, or a schema of PostgreSQL. */
  readonly schema: string;
  /** By name, run in the order of their names; a name that was released never changes. */
  readonly migrations: Readonly<Record<string, Migration>>;
  readonly telemetry: Telemetry;
}

/**
 * The migrated database of one service, the same on SQLite (`databaseUrl` unset) and PostgreSQL; processes that
 * start together migrate it once. Close it with `destroy()`.
 *
 * @throws ConfigError naming DATA_DIR or DATABASE_URL when it cannot be used.
 */
export async function openDatabase<Tables>(
  config: DatabaseConfig,
  options: DatabaseOptions,
): Promise<Kysely<Tables>> {
  const db = await connect<Tables>(config, options);
  try {
    await migrate(db, config, options);
    return db;
  } catch (error) {
    await db.destroy();
    throw error;
  }
}

/** Fails when the database does not answer. */
export async function pingDatabase<Tables>(db: Kysely<Tables>): Promise<void> {
  await sql`select 1`.execute(db);
}

async function connect<Tables>(
  { dataDir, databaseUrl }: DatabaseConfig,
  { schema, telemetry }: DatabaseOptions,
): Promise<Kysely<Tables>> {
  if (databaseUrl === undefined) {
    const database = await openSqlite(dataDir, schema);
    return new Kysely<Tables>({
      dialect: new ImmediateSqliteDialect(database),
      log: databaseTracing(telemetry.tracer, 'sqlite', schema),
    });
  }
  const { dialect, database } = await openPostgres(databaseUrl, schema, telemetry.logger);
  return new Kysely<Tables>({
    dialect,
    log: databaseTracing(telemetry.tracer, 'postgresql', `${database}|${schema}`),
  });
}

async function migrate<Tables>(
  db: Kysely<Tables>,
  { databaseUrl }: DatabaseConfig,
  { schema, migrations }: DatabaseOptions,
): Promise<void> {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: () => Promise.resolve({ ...migrations }) },
    ...(databaseUrl !== undefined && { migrationTableSchema: schema }),
  });
  const { error, results } = await migrator.migrateToLatest();
  if (error === undefined) return;
  const failed = results?.find((result) => result.status === 'Error');
  throw new Error(
    `The database ${schema} could not be migrated${failed ? ` (${failed.migrationName})` : ''}`,
    {
      cause: error,
    },
  );
}

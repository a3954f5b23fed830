import { CompiledQuery, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { Logger } from 'pino';
import { ConfigError } from '../config/config';
import { errorMessage } from '../telemetry/error-type';

/** A PostgreSQL dialect whose every connection works in one schema. */
export interface OpenedPostgres {
  readonly dialect: PostgresDialect;
  /** Name of the database in the server, for telemetry. */
  readonly database: string;
}

/**
 * Connections to `databaseUrl` that see only `schema` and read bigints as numbers.
 *
 * @throws {@link ConfigError} naming DATABASE_URL, without its password, when the server cannot be used.
 */
export async function openPostgres(
  databaseUrl: string,
  schema: string,
  logger: Logger,
): Promise<OpenedPostgres> {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    application_name: `durable-orders ${schema}`,
    max: 10,
    connectionTimeoutMillis: 10_000,
    // A process that hangs in a transaction must not hold its row locks for ever.
    idle_in_transaction_session_timeout: 60_000,
    types: { getTypeParser },
  });
  pool.on('connect', (client) => {
    // The pool listens to idle ones only, and an error that nobody listens to ends the process.
    client.on('error', (error) => {
      logger.warn({ reason: error.message }, 'a database connection was lost; the pool replaces it');
    });
  });
  pool.on('error', () => {
    // Told above.
  });
  const database = await databaseName(pool);
  const dialect = new PostgresDialect({
    pool,
    onCreateConnection: async (connection) => {
      await connection.executeQuery(CompiledQuery.raw(`set search_path to "${schema}"`));
    },
  });
  return { dialect, database };
}

async function databaseName(pool: pg.Pool): Promise<string> {
  try {
    const { rows } = await pool.query<{ name: string }>('select current_database() as name');
    return rows[0]?.name ?? '';
  } catch (error) {
    await pool.end();
    throw new ConfigError([`DATABASE_URL: cannot connect: ${errorMessage(error)}`]);
  }
}

const getTypeParser: typeof pg.types.getTypeParser = (
  oid: Parameters<typeof pg.types.getTypeParser>[0],
  format?: Parameters<typeof pg.types.getTypeParser>[1],
) => (oid === pg.types.builtins.INT8 ? safeInteger : pg.types.getTypeParser(oid, format)) as never;

function safeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} is too large to be read exactly`);
  return value;
}

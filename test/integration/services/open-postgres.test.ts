import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { loadConfig } from '../../../src/config/config';
import type { Config } from '../../../src/config/config';
import { openDatabase } from '../../../src/database/open-database';
import { eventually } from '../../support/eventually';
import type { TestPostgres } from '../../support/postgres';
import { startPostgres } from '../../support/postgres';
import { testTelemetry } from '../../support/services-telemetry';

let postgres: TestPostgres;
let config: Config;
beforeAll(async () => {
  postgres = await startPostgres();
  config = loadConfig({ DATABASE_URL: await postgres.createDatabase() });
});
afterAll(() => postgres.stop());

it('survives a connection that is lost between two statements of a transaction', async () => {
  const options = { schema: 'notes', migrations: {}, telemetry: testTelemetry() };
  const [db, other] = [await openDatabase(config, options), await openDatabase(config, options)];
  const lost = db.transaction().execute(async (trx) => {
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(trx);
    const pid = rows[0]!.pid;
    await sql`select pg_terminate_backend(${pid})`.execute(other);
    const alive = async () =>
      (await sql`select 1 from pg_stat_activity where pid = ${pid}`.execute(other)).rows.length;
    await eventually(alive, (connections) => connections === 0, 'the connection is gone');
    // The news of it have arrived by the time that the loop has turned.
    await new Promise(setImmediate);
    await sql`select 1`.execute(trx);
  });
  await expect(lost).rejects.toThrow();
  const { rows } = await sql`select 1 as one`.execute(db);
  expect(rows).toEqual([{ one: 1 }]);
  await Promise.all([db.destroy(), other.destroy()]);
});

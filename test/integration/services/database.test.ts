import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import type { Config } from '../../../src/config/config';
import { loadConfig } from '../../../src/config/config';
import { openDatabase } from '../../../src/database/open-database';
import { onEachDatabase } from '../../support/services';
import { testTelemetry } from '../../support/services-telemetry';

const telemetry = testTelemetry();

onEachDatabase((database) => {
  const open = (config: Config, migrations = {}) =>
    openDatabase<{ notes: { id: number; text: string } }>(config, { schema: 'notes', migrations, telemetry });
  const notes = {
    '001-notes': {
      up: (db: Awaited<ReturnType<typeof open>>) =>
        db.schema
          .createTable('notes')
          .addColumn('id', 'bigint', (column) => column.primaryKey())
          .addColumn('text', 'text', (column) => column.notNull())
          .execute(),
    },
  };

  it('is migrated once by processes that start together', async () => {
    const { dataDir, databaseUrl } = await database.freshConfig();
    const outputs = await startTogether(4, {
      DATA_DIR: dataDir,
      ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }),
    });
    expect(outputs).toEqual(Array(4).fill('12'));
  });

  it('reads large integers as numbers', async () => {
    const db = await open(await database.freshConfig(), notes);
    const id = Number.MAX_SAFE_INTEGER;
    await db.insertInto('notes').values({ id, text: 'x' }).execute();
    expect(await db.selectFrom('notes').selectAll().execute()).toEqual([{ id, text: 'x' }]);
    await db.destroy();
  });

  it('has one transaction after another from two handles that write at the same time', async () => {
    const config = await database.freshConfig();
    const [one, two] = [await open(config, notes), await open(config, notes)];
    await one.insertInto('notes').values({ id: 1, text: '0' }).execute();
    const increment = (index: number) =>
      (index % 2 === 0 ? one : two).transaction().execute(async (trx) => {
        const row = await trx
          .selectFrom('notes')
          .select('text')
          .where('id', '=', 1)
          .forUpdate()
          .executeTakeFirstOrThrow();
        await trx
          .updateTable('notes')
          .set({ text: String(Number(row.text) + 1) })
          .execute();
      });
    await Promise.all(Array.from({ length: 100 }, (_, index) => increment(index)));
    expect(await one.selectFrom('notes').select('text').execute()).toEqual([{ text: '100' }]);
    await Promise.all([one.destroy(), two.destroy()]);
  });

  it('leaves nothing of a migration that fails, and says which one it was', async () => {
    const config = await database.freshConfig();
    const failing = {
      '001-fails': {
        up: async (db: Awaited<ReturnType<typeof open>>) => {
          await notes['001-notes'].up(db);
          await sql`insert into no_such_table values (1)`.execute(db);
        },
      },
    };
    await expect(open(config, failing)).rejects.toThrow('notes could not be migrated (001-fails)');
    await (await open(config, notes)).destroy();
  });
});

describe('a place that cannot be used', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(path.join(os.tmpdir(), 'durable-orders-database-'));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  const opening = (environment: Record<string, string>) =>
    openDatabase(loadConfig(environment), { schema: 'notes', migrations: {}, telemetry });

  it('is named when DATA_DIR is below a file', async () => {
    const file = path.join(directory, 'file');
    await writeFile(file, '');
    await expect(opening({ DATA_DIR: path.join(file, 'data') })).rejects.toThrow(
      /DATA_DIR: .*file.*cannot be used/,
    );
  });

  it('is named when DATA_DIR may not be written', async () => {
    // Root may write everywhere but where the kernel says no.
    const unwritable =
      process.getuid?.() === 0 ? '/proc/durable-orders' : path.join(directory, 'read-only', 'data');
    if (process.getuid?.() !== 0) await chmod(directory, 0o500);
    await expect(opening({ DATA_DIR: unwritable })).rejects.toThrow('DATA_DIR');
    await chmod(directory, 0o700);
  });

  it('is named when the file under DATA_DIR is no database', async () => {
    await writeFile(
      path.join(directory, 'notes.sqlite'),
      'this is text, and long enough not to be taken for empty',
    );
    await expect(opening({ DATA_DIR: directory })).rejects.toThrow(/DATA_DIR: .*notes\.sqlite/);
  });

  it('is named, without the password, when DATABASE_URL leads nowhere', async () => {
    const refused = opening({
      DATABASE_URL: 'postgres://user:hunter2@127.0.0.1:1/none',
      DATA_DIR: directory,
    });
    await expect(refused).rejects.toThrow(/DATABASE_URL: cannot connect: .*ECONNREFUSED/);
    await expect(refused).rejects.not.toThrow('hunter2');
  });
});

/** What each of `count` processes prints that all open the inventory's database at the same moment. */
async function startTogether(count: number, environment: Record<string, string>): Promise<string[]> {
  const script = path.join(__dirname, '../../support/services-open-inventory.ts');
  const children = Array.from({ length: count }, () => {
    const child = spawn(process.execPath, ['--import', 'tsx', script], {
      env: { ...process.env, ...environment },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    return { child, lines: createInterface(child.stdout)[Symbol.asyncIterator](), exit: once(child, 'exit') };
  });
  await Promise.all(children.map(({ lines }) => lines.next()));
  for (const { child } of children) child.stdin.write('go\n');
  const outputs = await Promise.all(children.map(({ lines }) => lines.next()));
  await Promise.all(children.map(({ exit }) => exit));
  return outputs.map(({ value }) => String(value));
}

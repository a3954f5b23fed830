import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import Libsql from 'libsql';
import { openDatabase } from '../../../src/database/open-database';
import { testTelemetry } from '../../support/services-telemetry';
import { temporaryDirectories } from '../../unit/telemetry/temporary-directory';

const newDirectory = temporaryDirectories();
const telemetry = testTelemetry();

interface Tables {
  readonly notes: { readonly id: number };
}

async function open(dataDir: string) {
  return openDatabase<Tables>(
    { dataDir, databaseUrl: undefined },
    {
      schema: 'notes',
      telemetry,
      migrations: {
        '001-notes': {
          up: (db) =>
            db.schema
              .createTable('notes')
              .addColumn('id', 'bigint', (column) => column.primaryKey())
              .execute(),
        },
      },
    },
  );
}

describe('SQLite', () => {
  it('writes outside of a transaction, too, once another writer lets go, and what follows is committed', async () => {
    const dataDir = newDirectory();
    const db = await open(dataDir);
    const other = new Libsql(path.join(dataDir, 'notes.sqlite'));
    other.exec('begin immediate');
    const first = db.insertInto('notes').values({ id: 1 }).execute();
    // It is refused several times meanwhile, and lets this thread go on.
    await sleep(50);
    other.exec('rollback');
    await first;
    await db
      .insertInto('notes')
      .values([{ id: 2 }, { id: 3 }])
      .execute();
    expect(other.prepare('select id from notes order by id').all()).toEqual([
      { id: 1 },
      { id: 2 },
      { id: 3 },
    ]);
    other.exec('begin immediate');
    other.exec('rollback');
    other.close();
    await db.destroy();
  });

  it('leaves nothing of a write that fails in progress', async () => {
    const dataDir = newDirectory();
    const db = await open(dataDir);
    await db.insertInto('notes').values({ id: 1 }).execute();
    await expect(db.insertInto('notes').values({ id: 1 }).execute()).rejects.toThrow('UNIQUE');
    await db.updateTable('notes').set({ id: 2 }).execute();
    const other = new Libsql(path.join(dataDir, 'notes.sqlite'));
    expect(other.prepare('select id from notes').all()).toEqual([{ id: 2 }]);
    other.close();
    await db.destroy();
  });

  it('takes more different queries in one transaction than it keeps prepared', async () => {
    const db = await open(newDirectory());
    let next = 0;
    await db.transaction().execute(async (trx) => {
      for (let size = 1; size <= 250; size++) {
        await trx
          .insertInto('notes')
          .values(Array.from({ length: size }, () => ({ id: next++ })))
          .execute();
      }
    });
    const { count } = await db
      .selectFrom('notes')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    expect(count).toBe(next);
    await db.destroy();
  });
});

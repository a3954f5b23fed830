import { sql } from 'kysely';
import type { Kysely, Migration } from 'kysely';
import type { Config } from '../../src/config/config';
import { Barrier } from '../../src/services/barrier/barrier';
import type { Answer } from '../../src/services/barrier/barrier-rows';
import type { BarrierTables } from '../../src/services/barrier/barrier-table';
import { barrierHoldsMigration, barrierMigration } from '../../src/services/barrier/barrier-table';
import { openDatabase } from '../../src/database/open-database';
import { ProblemError } from '../../src/http/problem';
import { testTelemetry } from './services-telemetry';

interface BalanceTables extends BarrierTables {
  /** One row per effect or undoing: counting them tells a repetition even when the sum happens to be right. */
  entries: { id: string; key: string; change: number };
}

const entries: Migration = {
  async up(db) {
    await db.schema
      .createTable('entries')
      .addColumn('id', 'varchar(300)', (column) => column.notNull())
      .addColumn('key', 'varchar(255)', (column) => column.notNull())
      .addColumn('change', 'integer', (column) => column.notNull())
      .execute();
    await db.schema.createIndex('entries_key').on('entries').column('key').execute();
  },
};

/** What came of one request: the answer, or the code of the problem that it threw. */
export interface Outcome {
  readonly status: number | string;
  readonly body?: unknown;
  readonly replayed?: boolean;
}

/** The smallest possible service: its effect adds 1 to the balance of a key, undoing takes 1 away. */
export class BalanceService {
  private readonly barrier: Barrier<BalanceTables>;
  private effects = 0;

  private constructor(private readonly db: Kysely<BalanceTables>) {
    this.barrier = new Barrier(db);
  }

  static async open(config: Config): Promise<BalanceService> {
    return new BalanceService(
      await openDatabase<BalanceTables>(config, {
        schema: 'balance',
        migrations: {
          '001-barrier': barrierMigration,
          '002-entries': entries,
          '003-barrier-holds': barrierHoldsMigration,
        },
        telemetry: testTelemetry(),
      }),
    );
  }

  /** `then` runs after the effect was written: it may refuse, or crash. */
  do(key: string, payload = 'payload', then: () => void = () => undefined): Promise<Outcome> {
    return outcomeOf(
      this.barrier.action({ key, orderId: 'o-1', fingerprint: payload }, async (trx) => {
        await this.write(trx, key, 1);
        then();
        this.effects += 1;
        return { status: 201, body: { effect: this.effects } };
      }),
    );
  }

  undo(
    key: string,
    compensates: string,
    payload = 'undo',
    then: () => void = () => undefined,
    orderId = 'o-1',
  ): Promise<Outcome> {
    const request = { key, compensates, orderId, fingerprint: payload, undoes: 'action' as const };
    return outcomeOf(
      this.barrier.compensation(request, async (trx) => {
        await this.write(trx, compensates, -1);
        then();
      }),
    );
  }

  /** Every change that was ever committed for a key, oldest first is not guaranteed. */
  async changes(key: string): Promise<readonly number[]> {
    const rows = await this.db.selectFrom('entries').select('change').where('key', '=', key).execute();
    return rows.map((row) => row.change).sort((a, b) => b - a);
  }

  async rowExists(key: string): Promise<boolean> {
    return (await this.barrier.find(key)) !== undefined;
  }

  close(): Promise<void> {
    return this.db.destroy();
  }

  private async write(trx: Kysely<BalanceTables>, key: string, change: number): Promise<void> {
    await sql`insert into entries (id, key, change) values (${`${key}:${String(change)}`}, ${key}, ${change})`.execute(
      trx,
    );
  }
}

async function outcomeOf(answer: Promise<Answer>): Promise<Outcome> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ProblemError) return { status: error.code };
    if (error instanceof Error && error.message === CRASH) return { status: CRASH };
    throw error;
  }
}

const CRASH = 'crash';

export function crash(): never {
  throw new Error(CRASH);
}

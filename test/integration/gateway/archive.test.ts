import { afterEach, expect, it } from '@jest/globals';
import type { Kysely } from 'kysely';
import pino from 'pino';
import type { OrderView } from '../../../src/domain/order';
import { openDatabase } from '../../../src/database/open-database';
import { OrderArchive } from '../../../src/gateway/intake/archive';
import { ArchiveSweep } from '../../../src/gateway/intake/archive-sweep';
import { gatewayMigrations } from '../../../src/gateway/intake/tables';
import type { GatewayTables } from '../../../src/gateway/intake/tables';
import { NoWorkerError, OrderNotFoundError } from '../../../src/orders/errors';
import type { InterruptedOrder, OrderSummary } from '../../../src/orders/order-summary';
import { TemporalUnavailableError } from '../../../src/orders/temporal-calls';
import { eventually } from '../../support/eventually';
import { onEachDatabase } from '../../support/services';
import { testTelemetry } from '../../support/services-telemetry';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOW = '2020-01-01T00:00:00.000Z';

const completed = (orderId: string) => ({ orderId, status: 'completed', steps: [] as unknown }) as OrderView;
const running = (orderId: string) => ({ orderId, status: 'running', createdAt: NOW }) as OrderSummary;
const ended = (orderId: string): OrderSummary => ({
  ...running(orderId),
  status: 'completed',
  closedAt: NOW,
});
const terminated = (orderId: string): InterruptedOrder => ({
  ...running(orderId),
  closedAt: NOW,
  interrupted: 'terminated',
});

onEachDatabase((database) => {
  const databases: Kysely<GatewayTables>[] = [];
  const sweeps: ArchiveSweep[] = [];
  afterEach(async () => {
    await Promise.all(sweeps.splice(0).map((sweep) => sweep.stop()));
    await Promise.all(databases.splice(0).map((db) => db.destroy()));
  });

  /** An archive in which these orders were started just now. */
  async function archiveOf(...orderIds: string[]): Promise<OrderArchive> {
    const db = await openDatabase<GatewayTables>(await database.freshConfig(), {
      schema: 'gateway',
      migrations: gatewayMigrations,
      telemetry: testTelemetry(),
    });
    databases.push(db);
    const archive = new OrderArchive(db);
    for (const orderId of orderIds) await archive.started(orderId, 'content');
    return archive;
  }

  /** Asks about an order by what `known` says; notes who is asked for what. */
  function sweep(archive: OrderArchive, known: (orderId: string) => OrderSummary) {
    const asked: string[] = [];
    sweeps.push(
      new ArchiveSweep({
        archive,
        orders: {
          summary: (orderId) => {
            asked.push(`summary ${orderId}`);
            return Promise.resolve().then(() => known(orderId));
          },
          get: (orderId) => {
            asked.push(`get ${orderId}`);
            return Promise.resolve(completed(orderId));
          },
        },
        logger: pino({ level: 'silent' }),
        intervalMs: 1,
      }),
    );
    return asked;
  }

  /** The rounds in which there was something to ask about, by their time, as they come. */
  function roundsOf(archive: OrderArchive): number[] {
    const rounds: number[] = [];
    const due = archive.due.bind(archive);
    archive.due = async (now, limit) => {
      const found = await due(now, limit);
      if (found.length > 0 && !rounds.includes(now)) rounds.push(now);
      return found;
    };
    return rounds;
  }

  const outcomeOf = async (archive: OrderArchive, orderId: string) => (await archive.find(orderId))?.outcome;

  it('keeps what an order came to, once and for ever', async () => {
    const archive = await archiveOf('o-1');
    expect(await archive.find('o-1')).toEqual({ fingerprint: 'content', outcome: undefined });
    await archive.keep(running('o-1'));
    expect(await outcomeOf(archive, 'o-1')).toBeUndefined();
    await archive.keep(completed('o-1'));
    await archive.keep({ ...completed('o-1'), status: 'failed' });
    await archive.started('o-1', 'other content');
    expect(await archive.find('o-1')).toEqual({ fingerprint: 'content', outcome: completed('o-1') });
  });

  it('keeps what is known of an order that was interrupted', async () => {
    const archive = await archiveOf('o-1');
    await archive.keep(terminated('o-1'));
    expect(await outcomeOf(archive, 'o-1')).toEqual(terminated('o-1'));
  });

  it('knows nothing of an order that was not started here, and keeps nothing of it', async () => {
    const archive = await archiveOf();
    await archive.keep(completed('o-1'));
    expect(await archive.find('o-1')).toBeUndefined();
  });

  it('has an order asked about ever less often, but every hour', async () => {
    const archive = await archiveOf('o-1');
    const start = Date.now();
    const due = (later: number) => archive.due(start + later, 10);
    expect(await due(MINUTE)).toEqual(['o-1']);
    expect(await due(MINUTE)).toEqual([]);
    expect(await due(1.5 * MINUTE)).toEqual([]);
    expect(await due(2.5 * MINUTE)).toEqual(['o-1']);
    expect(await due(4 * MINUTE)).toEqual([]);
    expect(await due(10 * HOUR)).toEqual(['o-1']);
    expect(await due(10 * HOUR + 59 * MINUTE)).toEqual([]);
    expect(await due(11 * HOUR + MINUTE)).toEqual(['o-1']);
  });

  it('has none asked about whose outcome is known', async () => {
    const archive = await archiveOf('o-1', 'o-2');
    await archive.keep(completed('o-1'));
    expect(await archive.due(Date.now() + MINUTE, 10)).toEqual(['o-2']);
  });

  it('has those asked about first that have waited longest', async () => {
    const archive = await archiveOf('o-1', 'o-2');
    const later = Date.now() + 10 * HOUR;
    expect(await archive.due(later, 1)).toHaveLength(1);
    expect(await archive.due(later, 1)).toHaveLength(1);
    expect(await archive.due(later, 1)).toEqual([]);
    await archive.started('o-3', 'content');
    expect(await archive.due(later + 2 * HOUR, 1)).toEqual(['o-3']);
  });

  it('is brought everything that is due in one go, however much it is', async () => {
    const ids = Array.from({ length: 250 }, (_, n) => `o-${String(n)}`);
    const archive = await archiveOf(...ids);
    const rounds = roundsOf(archive);
    const asked = sweep(archive, ended);
    await eventually(
      () => Promise.all(ids.map((orderId) => outcomeOf(archive, orderId))),
      (outcomes) => outcomes.every((outcome) => outcome?.status === 'completed'),
      'every outcome is archived',
    );
    expect(asked).toHaveLength(2 * ids.length);
    expect(rounds).toHaveLength(1);
  });

  it('is brought what was interrupted, and no worker is asked about what runs', async () => {
    const archive = await archiveOf('runs', 'interrupted', 'forgotten');
    const asked = sweep(archive, (orderId) => {
      if (orderId === 'forgotten') throw new OrderNotFoundError(orderId);
      return orderId === 'runs' ? running(orderId) : terminated(orderId);
    });
    await eventually(
      () => asked,
      (all) => all.length >= 3,
      'all three are asked about',
    );
    await sweeps[0]?.stop();
    expect(await outcomeOf(archive, 'interrupted')).toEqual(terminated('interrupted'));
    expect(await outcomeOf(archive, 'runs')).toBeUndefined();
    expect(asked.filter((what) => what.startsWith('get'))).toEqual([]);
  });

  it('is brought the others when one cannot be had, and asks no more once Temporal is away', async () => {
    const archive = await archiveOf('o-1', 'o-2', 'o-3');
    const rounds = roundsOf(archive);
    const askedIn = new Map<string, number>();
    sweep(archive, (orderId) => {
      askedIn.set(orderId, rounds.length);
      if (orderId === 'o-1') throw new NoWorkerError(orderId);
      if (orderId === 'o-2' && rounds.length === 1) throw new TemporalUnavailableError('test', undefined);
      return ended(orderId);
    });
    await eventually(
      () => Promise.all(['o-2', 'o-3'].map((orderId) => outcomeOf(archive, orderId))),
      (outcomes) => outcomes.every((outcome) => outcome?.status === 'completed'),
      'later rounds bring the others',
    );
    expect(askedIn.get('o-3')).toBeGreaterThan(1);
  });
});

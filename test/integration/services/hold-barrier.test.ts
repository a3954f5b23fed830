import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Kysely } from 'kysely';
import type { BarrierTables } from '../../../src/services/barrier/barrier-table';
import { barrierHoldsMigration, barrierMigration } from '../../../src/services/barrier/barrier-table';
import type { DueHold, ExpiryFinding } from '../../../src/services/barrier/hold-barrier';
import { HoldBarrier } from '../../../src/services/barrier/hold-barrier';
import { openDatabase } from '../../../src/database/open-database';
import { onEachDatabase } from '../../support/services';
import { testTelemetry } from '../../support/services-telemetry';

onEachDatabase((database) => {
  let db: Kysely<BarrierTables>;
  let barrier: HoldBarrier<BarrierTables>;
  beforeAll(async () => {
    db = await openDatabase(await database.freshConfig(), {
      schema: 'barrier',
      migrations: { '001-barrier': barrierMigration, '002-barrier-holds': barrierHoldsMigration },
      telemetry: testTelemetry(),
    });
    barrier = new HoldBarrier(db, 60_000);
  });
  afterAll(() => db.destroy());

  let keys = 0;
  /** A hold, as a clean-up has found it due; what happens between that and its turn is the test's. */
  const held = async (): Promise<DueHold> => {
    const key = `k-${String((keys += 1))}`;
    const reply = { status: 201, body: {} };
    await barrier.hold({ key, orderId: 'o-1', fingerprint: 'f' }, () => Promise.resolve(reply));
    return { key, orderId: 'o-1', expiresAtMs: 0 };
  };
  const request = ({ key }: DueHold, does: string) => ({
    key: `${key}/${does}`,
    orderId: 'o-1',
    fingerprint: does,
  });
  const confirm = (hold: DueHold) =>
    barrier.confirmation({ ...request(hold, 'confirm'), confirms: hold.key }, () => Promise.resolve());
  const openConfirm = (hold: DueHold) =>
    barrier.openConfirmation({ ...request(hold, 'confirm'), confirms: hold.key });
  const cancel = (hold: DueHold) =>
    barrier.compensation({ ...request(hold, 'cancel'), compensates: hold.key, undoes: 'held' }, () =>
      Promise.resolve(),
    );
  const stateOf = async ({ key }: DueHold) => (await barrier.find(key))?.state;

  describe('an expiry in one transaction', () => {
    const expire = async (hold: DueHold) => {
      let freed = 0;
      const ended = await barrier.expire(hold, () => {
        freed += 1;
        return Promise.resolve();
      });
      return { ended, freed };
    };

    it('frees once', async () => {
      const hold = await held();
      expect(await expire(hold)).toEqual({ ended: true, freed: 1 });
      expect(await expire(hold)).toEqual({ ended: false, freed: 0 });
      expect(await stateOf(hold)).toBe('expired');
    });

    it.each<[string, (hold: DueHold) => Promise<unknown>]>([
      ['confirmed', confirm],
      ['compensated', cancel],
    ])('leaves a hold alone that is %s meanwhile', async (state, settle) => {
      const hold = await held();
      await settle(hold);
      expect(await expire(hold)).toEqual({ ended: false, freed: 0 });
      expect(await stateOf(hold)).toBe(state);
    });

    it('leaves the hold as it was when freeing it fails', async () => {
      const hold = await held();
      await expect(barrier.expire(hold, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
      expect(await stateOf(hold)).toBe('done');
    });
  });

  describe('an expiry of something elsewhere', () => {
    it.each<[string, (hold: DueHold) => Promise<unknown>]>([
      ['confirmed', confirm],
      ['compensated', cancel],
    ])('does not begin with a hold that is %s meanwhile', async (state, settle) => {
      const hold = await held();
      await settle(hold);
      expect(await barrier.openExpiry(hold)).toBe(false);
      expect(await stateOf(hold)).toBe(state);
    });

    it('keeps every confirm from beginning', async () => {
      const hold = await held();
      expect(await barrier.openExpiry(hold)).toBe(true);
      expect(await openConfirm(hold)).toMatchObject({ answer: { body: { code: 'hold_expired' } } });
    });

    it.each<[ExpiryFinding, string, boolean]>([
      ['freed', 'expired', true],
      ['nothing', 'voided', true],
    ])('that found %s ends as %s', async (found, state, ended) => {
      const hold = await held();
      await barrier.openExpiry(hold);
      expect(await barrier.settleExpiry(hold, found)).toBe(ended);
      expect(await stateOf(hold)).toBe(state);
      expect(await barrier.settleExpiry(hold, found)).toBe(false);
    });

    it('never makes a confirm of what had expired before', async () => {
      const hold = await held();
      await barrier.openExpiry(hold);
      await expect(barrier.settleExpiry(hold, 'confirmed')).rejects.toThrow('although its expiry had begun');
      expect(await stateOf(hold)).toBe('expiring');
    });

    it('leaves a confirm that had begun to what is found', async () => {
      const [captured, held1] = [await held(), await held()];
      for (const hold of [captured, held1]) {
        await openConfirm(hold);
        expect(await barrier.openExpiry(hold)).toBe(true);
        expect(await stateOf(hold)).toBe('confirming');
      }
      expect(await barrier.settleExpiry(captured, 'confirmed')).toBe(false);
      expect(await stateOf(captured)).toBe('confirmed');
      expect(await barrier.settleExpiry(held1, 'freed')).toBe(true);
      expect(await stateOf(held1)).toBe('expired');
    });
  });
});

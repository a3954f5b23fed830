import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { OrderArchive } from '../../../src/gateway/intake/archive';
import { hashKey } from '../../../src/gateway/intake/idempotency-keys';
import type { IdempotencyKeys } from '../../../src/gateway/intake/idempotency-keys';
import { OrderConflictError, OrderInterruptedError } from '../../../src/orders/errors';
import { Gateways, idOf, IntakeStack, isNew } from '../../support/intake';
import type { IntakeParts } from '../../support/intake';
import { onEachDatabase } from '../../support/services';

/** What a process dies of here. */
class Crash extends Error {}
const crash = () => Promise.reject(new Crash());

/** The key cannot be bound. */
const beforeTheKey = ({ keys }: IntakeParts): Partial<IntakeParts> => ({
  keys: Object.assign(Object.create(keys) as IdempotencyKeys, { bind: crash }),
});

/** The key is bound, and nothing comes of it. */
const beforeTheStart = ({ orders }: IntakeParts): Partial<IntakeParts> => ({
  orders: {
    summary: (orderId) => orders.summary(orderId),
    place: (parsed, beforeStart) =>
      orders.place(parsed, async (order) => {
        await beforeStart?.(order);
        return crash();
      }),
  },
});

/** The order is started, and nobody hears of it. */
const afterTheStart = ({ orders }: IntakeParts): Partial<IntakeParts> => ({
  orders: {
    summary: (orderId) => orders.summary(orderId),
    place: async (parsed, beforeStart) => {
      await orders.place(parsed, beforeStart);
      return crash();
    },
  },
});

/** The order is started, and that is not noted. */
const beforeTheNote = ({ archive }: IntakeParts): Partial<IntakeParts> => ({
  archive: Object.assign(Object.create(archive) as OrderArchive, { started: crash }),
});

const stack = new IntakeStack();

onEachDatabase((database) => {
  const gateways = new Gateways(stack, database);
  let customerId: string;
  beforeEach(() => {
    customerId = `cus_${randomUUID()}`;
  });
  const send = () => stack.request({ customerId }, 'key');

  /** The order that the key is bound to. */
  async function boundOrder(): Promise<string | undefined> {
    const { db } = await gateways.start();
    const row = await db
      .selectFrom('idempotency_keys')
      .select('order_id')
      .where('key_hash', '=', hashKey(customerId, 'key'))
      .executeTakeFirst();
    return row?.order_id;
  }

  /** A gateway that dies of the first request. */
  async function dies(where: (parts: IntakeParts) => Partial<IntakeParts>): Promise<void> {
    const { intake } = await gateways.start(where);
    await expect(intake.take(await send())).rejects.toBeInstanceOf(Crash);
  }

  describe('a gateway that dies', () => {
    it('before it binds the key leaves nothing', async () => {
      await dies(beforeTheKey);
      expect(await boundOrder()).toBeUndefined();
      const { intake } = await gateways.start();
      expect(isNew(await intake.take(await send()))).toBe(true);
    });

    it.each([
      ['before it starts the order', beforeTheStart, { startedBefore: false }],
      ['once it has started the order', afterTheStart, { startedBefore: true }],
      ['before it notes that the order is started', beforeTheNote, { startedBefore: true }],
    ])('%s leaves the key to name the order of the next try', async (_when, where, { startedBefore }) => {
      await dies(where);
      const orderId = await boundOrder();
      expect(await stack.exists(String(orderId))).toBe(startedBefore);
      const { intake, archive } = await gateways.start();
      const [second, third] = [await intake.take(await send()), await intake.take(await send())];
      expect([second, third].map(idOf)).toEqual([orderId, orderId]);
      expect([second, third].map(isNew)).toEqual([!startedBefore, false]);
      expect(await archive.find(String(orderId))).toBeDefined();
    });

    it('takes those along who have joined it, and nobody who comes later', async () => {
      let dying = true;
      const { intake } = await gateways.start((parts) => ({
        orders: {
          summary: (orderId) => parts.orders.summary(orderId),
          place: (...request) => (dying ? crash() : parts.orders.place(...request)),
        },
      }));
      const requests = [await send(), await send()];
      const taken = await Promise.allSettled(requests.map((request) => intake.take(request)));
      expect(taken.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
      dying = false;
      expect(isNew(await intake.take(await send()))).toBe(true);
    });
  });

  describe('an order that Temporal has forgotten', () => {
    /** The id of an order that was taken in, came to `outcome`, and was forgotten. */
    async function forgotten(outcome?: object): Promise<string> {
      const { intake, archive } = await gateways.start();
      const orderId = idOf(await intake.take(await send()));
      if (outcome !== undefined) {
        const summary = await stack.session.orders.summary(orderId);
        await archive.keep({ ...summary, ...outcome });
      }
      await stack.forget(orderId);
      return orderId;
    }

    it('is answered with what it came to, by its key and by its id, and not started again', async () => {
      const orderId = await forgotten({ status: 'completed' });
      const { intake } = await gateways.start();
      const byKey = await intake.take(await send());
      expect(byKey).toMatchObject({ archived: { orderId, status: 'completed' } });
      expect(await intake.take(await stack.request({ customerId, orderId }))).toEqual(byKey);
      expect(await stack.exists(orderId)).toBe(false);
    });

    it('keeps its key and its id from other payloads', async () => {
      const orderId = await forgotten({ status: 'failed' });
      const { intake } = await gateways.start();
      const other = { customerId, items: [{ sku: 'SKU-MOUSE', quantity: 1 }] };
      const byKey = intake.take(await stack.request(other, 'key'));
      await expect(byKey).rejects.toMatchObject({ code: 'idempotency_key_reused' });
      const byId = intake.take(await stack.request({ ...other, orderId }));
      await expect(byId).rejects.toBeInstanceOf(OrderConflictError);
      expect(await stack.exists(orderId)).toBe(false);
    });

    it('is said to have been interrupted, if it was', async () => {
      const orderId = await forgotten({ interrupted: 'terminated' });
      const { intake } = await gateways.start();
      await expect(intake.take(await send())).rejects.toBeInstanceOf(OrderInterruptedError);
      expect(await stack.exists(orderId)).toBe(false);
    });

    it('is said to be forgotten when nobody asked in time, and not started again', async () => {
      const orderId = await forgotten();
      const { intake } = await gateways.start();
      const taken = intake.take(await send());
      await expect(taken).rejects.toMatchObject({ code: 'order_forgotten', extensions: { orderId } });
      expect(await stack.exists(orderId)).toBe(false);
    });

    it('is started again under its own id, and so its keys, when a crash kept its start from being noted', async () => {
      await dies(beforeTheNote);
      const orderId = String(await boundOrder());
      await stack.forget(orderId);
      const { intake } = await gateways.start();
      expect(idOf(await intake.take(await send()))).toBe(orderId);
    });
  });

  it('takes in an order that nobody can send again although its start cannot be noted', async () => {
    const { intake } = await gateways.start(beforeTheNote);
    const taken = await intake.take(await stack.request({ customerId }));
    expect([isNew(taken), await stack.exists(idOf(taken))]).toEqual([true, true]);
  });
});

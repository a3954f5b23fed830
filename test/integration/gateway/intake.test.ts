import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { Gateways, idOf, IntakeStack, isNew } from '../../support/intake';
import { onEachDatabase } from '../../support/services';

const AT_ONCE = 40;

const stack = new IntakeStack();

onEachDatabase((database) => {
  const gateways = new Gateways(stack, database);
  let customerId: string;
  beforeEach(() => {
    customerId = `cus_${randomUUID()}`;
  });
  const other = () => ({ customerId, items: [{ sku: 'SKU-MOUSE', quantity: 1 }] });

  describe('an order that is sent many times at once', () => {
    it.each([
      ['key', () => ({ customerId }), 'key'],
      ['id', () => ({ customerId, orderId: `ord_${customerId.slice(4)}` }), undefined],
    ])('is one order by its %s, through however many gateways', async (_what, content, key) => {
      const [one, two] = [await gateways.start(), await gateways.start()];
      const requests = await Promise.all(
        Array.from({ length: AT_ONCE }, () => stack.request(content(), key)),
      );
      const taken = await Promise.all(
        requests.map((request, n) => (n % 2 === 0 ? one : two).intake.take(request)),
      );
      expect(new Set(taken.map(idOf)).size).toBe(1);
      expect(taken.filter(isNew)).toHaveLength(1);
    });

    it('is as many orders where it has neither key nor id', async () => {
      const { intake } = await gateways.start();
      const requests = await Promise.all([1, 2, 3].map(() => stack.request({ customerId })));
      const taken = await Promise.all(requests.map((request) => intake.take(request)));
      expect(new Set(taken.map(idOf)).size).toBe(3);
      expect(taken.every(isNew)).toBe(true);
    });

    it('is one of the two payloads that come with one key; the other is refused', async () => {
      const [one, two] = [await gateways.start(), await gateways.start()];
      const requests = await Promise.all(
        Array.from({ length: AT_ONCE }, (_, n) =>
          stack.request(n % 2 === 0 ? { customerId } : other(), 'key'),
        ),
      );
      const taken = await Promise.allSettled(
        requests.map((request, n) => (n % 4 < 2 ? one : two).intake.take(request)),
      );
      const accepted = taken.flatMap((each) => (each.status === 'fulfilled' ? [idOf(each.value)] : []));
      const refused = taken.flatMap((each) => (each.status === 'rejected' ? [each.reason as Error] : []));
      expect(accepted).toHaveLength(AT_ONCE / 2);
      expect(new Set(accepted).size).toBe(1);
      for (const error of refused) expect(error).toMatchObject({ code: 'idempotency_key_reused' });
    });

    it('is an order for each customer who comes with the same key', async () => {
      const { intake } = await gateways.start();
      const customers = Array.from({ length: 5 }, () => `cus_${randomUUID()}`);
      const requests = await Promise.all(customers.map((each) => stack.request({ customerId: each }, 'key')));
      const taken = await Promise.all(requests.map((request) => intake.take(request)));
      expect(new Set(taken.map(idOf)).size).toBe(5);
      expect(taken.every(isNew)).toBe(true);
    });
  });

  describe('a key', () => {
    it('is free for a corrected order when the first was refused', async () => {
      const { intake } = await gateways.start();
      const wrong = await stack.request({ customerId, expectedAmount: { value: 1, currency: 'EUR' } }, 'key');
      await expect(intake.take(wrong)).rejects.toMatchObject({ code: 'price_changed' });
      expect(isNew(await intake.take(await stack.request(other(), 'key')))).toBe(true);
    });

    it.each([
      ['other items', { items: [{ sku: 'SKU-MOUSE', quantity: 1 }] }],
      ['another amount expected', { expectedAmount: { value: 5998, currency: 'EUR' } }],
      ['an id', { orderId: 'ord_of_the_clients' }],
    ])('is refused when it comes again with %s', async (_what, changes) => {
      const { intake } = await gateways.start();
      await intake.take(await stack.request({ customerId }, 'key'));
      const taken = intake.take(await stack.request({ customerId, ...changes }, 'key'));
      await expect(taken).rejects.toMatchObject({ code: 'idempotency_key_reused' });
    });

    it('and another name the same order when both come with its id', async () => {
      const { intake } = await gateways.start();
      const named = { customerId, orderId: `ord_${randomUUID()}` };
      const taken = [];
      for (const key of ['one', 'other', undefined]) {
        taken.push(await intake.take(await stack.request(named, key)));
      }
      expect(taken.map(idOf)).toEqual(Array(3).fill(named.orderId));
      expect(taken.map(isNew)).toEqual([true, false, false]);
    });

    it('is kept so that it tells nobody’s name, nor itself', async () => {
      const { intake, db } = await gateways.start();
      await intake.take(await stack.request({ customerId }, 'a-secret-key'));
      const rows = await db.selectFrom('idempotency_keys').selectAll().execute();
      expect(rows).not.toEqual([]);
      expect(JSON.stringify(rows)).not.toMatch(/a-secret-key|cus_/);
    });
  });
});

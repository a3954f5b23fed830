import { randomUUID } from 'node:crypto';
import type { Selectable, Transaction } from 'kysely';
import type { CaptureResult, ChargeRequest, RefundResult, VoidResult } from '../provider';
import { behaviourOf } from './methods';
import type { ChargeTable, SandboxTables } from './tables';

export type Charge = Selectable<ChargeTable>;

/** Takes or holds the money, once per key; what has come of the key before is left as it is. */
export async function takeOnce(
  trx: Transaction<SandboxTables>,
  request: ChargeRequest,
  as: 'charged' | 'authorised',
): Promise<Charge> {
  const row = await claimCharge(trx, {
    key: request.key,
    order_id: request.orderId,
    state: 'open',
    method: request.method,
    currency: request.amount.currency,
  });
  if (row.state !== 'open') return row;
  const behaviour = behaviourOf(request.method);
  if (behaviour.declines !== undefined) {
    return change(trx, row.key, { state: 'declined', reason: behaviour.declines });
  }
  if (row.failures < behaviour.failures) return change(trx, row.key, { failures: row.failures + 1 });
  return change(trx, row.key, {
    state: as,
    payment_id: `pay_${randomUUID()}`,
    [as === 'charged' ? 'charged' : 'held']: request.amount.value,
  });
}

/** Takes what is held, once. */
export async function captureOnce(trx: Transaction<SandboxTables>, key: string): Promise<CaptureResult> {
  const row = await trx
    .selectFrom('charges')
    .selectAll()
    .where('key', '=', key)
    .forUpdate()
    .executeTakeFirst();
  if (row?.state === 'charged') return { outcome: 'captured' };
  if (row?.state !== 'authorised') return { outcome: 'nothing_held' };
  await change(trx, key, { state: 'charged', charged: row.held, held: 0 });
  return { outcome: 'captured' };
}

/** Gives up what is held; a key that holds nothing never will. */
export async function voidOnce(
  trx: Transaction<SandboxTables>,
  key: string,
  orderId: string,
): Promise<VoidResult> {
  const row = await claimTombstone(trx, key, orderId);
  switch (row.state) {
    case 'authorised':
      await change(trx, key, { state: 'voided', held: 0 });
      return { outcome: 'voided' };
    case 'voided':
      return { outcome: 'voided' };
    case 'charged':
    case 'refunded':
      return { outcome: 'captured' };
    case 'open':
      await change(trx, key, { state: 'reversed' });
      return { outcome: 'nothing_held' };
    case 'declined':
    case 'reversed':
      return { outcome: 'nothing_held' };
  }
}

/** Gives back what was taken or is held; a key under which nothing was taken never will take any. */
export async function giveBackOnce(
  trx: Transaction<SandboxTables>,
  key: string,
  orderId: string,
): Promise<RefundResult> {
  const row = await claimTombstone(trx, key, orderId);
  switch (row.state) {
    case 'refunded':
    case 'voided':
      return { outcome: row.state };
    case 'authorised':
      await change(trx, key, { state: 'voided', held: 0 });
      return { outcome: 'voided' };
    case 'open':
      await change(trx, key, { state: 'reversed' });
      return { outcome: 'nothing_charged' };
    case 'declined':
    case 'reversed':
      return { outcome: 'nothing_charged' };
    case 'charged':
      if (!behaviourOf(row.method ?? '').refundable) return { outcome: 'refused' };
      await change(trx, key, { state: 'refunded', refunded: row.charged });
      return { outcome: 'refunded' };
  }
}

/** The row of a key that is being undone; one that is new keeps whatever is under way from being done. */
function claimTombstone(trx: Transaction<SandboxTables>, key: string, orderId: string): Promise<Charge> {
  return claimCharge(trx, { key, order_id: orderId, state: 'reversed', method: null, currency: '' });
}

/** The row of the key, new or not, locked until the transaction ends. */
async function claimCharge(
  trx: Transaction<SandboxTables>,
  values: Pick<ChargeTable, 'key' | 'order_id' | 'state' | 'method' | 'currency'>,
): Promise<Charge> {
  const now = Date.now();
  await trx
    .insertInto('charges')
    .values({
      ...values,
      payment_id: null,
      reason: null,
      charged: 0,
      refunded: 0,
      held: 0,
      failures: 0,
      created_at: now,
      updated_at: now,
    })
    .onConflict((conflict) => conflict.column('key').doNothing())
    .execute();
  return trx
    .selectFrom('charges')
    .selectAll()
    .where('key', '=', values.key)
    .forUpdate()
    .executeTakeFirstOrThrow();
}

type Change = Pick<
  ChargeTable,
  'state' | 'payment_id' | 'reason' | 'charged' | 'refunded' | 'held' | 'failures'
>;

function change(trx: Transaction<SandboxTables>, key: string, values: Partial<Change>): Promise<Charge> {
  return trx
    .updateTable('charges')
    .set({ ...values, updated_at: Date.now() })
    .where('key', '=', key)
    .returningAll()
    .executeTakeFirstOrThrow();
}

import { formatMoney } from '../../domain/money';
import type { Money } from '../../domain/money';
import type { OrderItem } from '../../domain/order';
import type {
  HeldUntil,
  InventoryBooks,
  OrderBooks,
  PaymentBooks,
  ShippingBooks,
} from '../../domain/service-contract';

/** Everything that the four services have on their books about one order. */
export interface OrderEffects {
  readonly orderRows: readonly OrderBooks['orders'][number][];
  readonly reservations: readonly InventoryBooks['reservations'][number][];
  readonly payments: readonly PaymentBooks['payments'][number][];
  readonly shipments: readonly ShippingBooks['shipments'][number][];
}

/** The effects of one order that are not undone. */
export interface StandingEffects {
  readonly orderRows: number;
  readonly reservations: readonly (readonly OrderItem[])[];
  /** Holds on stock (TCC), but for those that their service is about to free. */
  readonly holds: number;
  readonly shipments: number;
}

export function standing(effects: OrderEffects): StandingEffects {
  return {
    orderRows: effects.orderRows.filter(({ status }) => status === 'created').length,
    reservations: effects.reservations.filter(({ state }) => state === 'sold').map(({ items }) => items),
    holds: effects.reservations.filter((row) => row.state === 'held' && !isEnding(row)).length,
    shipments: effects.shipments.filter(({ status }) => status === 'created').length,
  };
}

/** `an order row, a shipment`; empty when nothing stands but holds, which their service frees by itself. */
export function describeStanding({ orderRows, reservations, shipments }: StandingEffects): string {
  return [
    ...(orderRows > 0 ? ['an order row'] : []),
    ...(reservations.length > 0 ? ['a reservation'] : []),
    ...(shipments > 0 ? ['a shipment'] : []),
  ].join(', ');
}

/** Charged − refunded by currency, without what comes to nothing. */
export function balances(effects: OrderEffects): Money[] {
  return sums(effects, ({ charged, refunded }) => charged - refunded);
}

/** What the customer cannot spend elsewhere, by currency: what was kept, and what is held. */
export function moneyOut(effects: OrderEffects): Money[] {
  return sums(effects, ({ charged, refunded, held }) => charged - refunded + held);
}

function sums(
  { payments }: OrderEffects,
  valueOf: (payment: OrderEffects['payments'][number]) => number,
): Money[] {
  const values = new Map<string, number>();
  for (const payment of payments) {
    values.set(payment.currency, (values.get(payment.currency) ?? 0) + valueOf(payment));
  }
  return [...values].filter(([, value]) => value !== 0).map(([currency, value]) => ({ value, currency }));
}

/** Authorised money that is neither captured nor voided, by currency, but for what its service is about to void. */
export function heldMoney(effects: OrderEffects): Money[] {
  return sums(effects, (payment) => (isEnding(payment) ? 0 : payment.held));
}

/** Units on hold (TCC), but for those that their service is about to free. */
export function heldItems({ reservations }: OrderEffects): OrderItem[] {
  return reservations.filter((row) => row.state === 'held' && !isEnding(row)).flatMap(({ items }) => items);
}

function isEnding({ expired, overdue }: HeldUntil): boolean {
  return expired === true && overdue !== true;
}

/** What is on hold although its service should have freed it, each in words. */
export function overdueHolds(effects: OrderEffects): string[] {
  const stock = effects.reservations
    .filter(({ state, overdue }) => state === 'held' && overdue === true)
    .map(({ expiresAt }) => `stock is still on hold, which ended at ${expiresAt ?? 'no known time'}`);
  const money = effects.payments
    .filter(({ held, overdue }) => held !== 0 && overdue === true)
    .map(
      ({ held, currency, expiresAt }) =>
        `${formatMoney({ value: held, currency })} is still held, which ended at ${expiresAt ?? 'no known time'}`,
    );
  return [...stock, ...money];
}

/**
 * True when the books alone look like an order that was completed, or like one that was undone; what is on hold says
 * nothing of that.
 */
export function coherent(effects: OrderEffects): boolean {
  const { orderRows, reservations, shipments } = standing(effects);
  const kept = balances(effects);
  if (orderRows === 0) return reservations.length === 0 && shipments === 0 && kept.length === 0;
  const amount = effects.orderRows.find(({ status }) => status === 'created')?.amount;
  const paid = amount !== undefined && paysExactly(kept, amount);
  return orderRows === 1 && reservations.length === 1 && shipments === 1 && paid;
}

/** True when the books alone look like those of an order that was completed, with nothing on hold any more. */
export function isComplete(effects: OrderEffects): boolean {
  const { orderRows, holds } = standing(effects);
  return orderRows === 1 && holds === 0 && heldMoney(effects).length === 0 && coherent(effects);
}

/** Whether what was kept is the amount, no more, no less, in no other currency. */
export function paysExactly(kept: readonly Money[], amount: Money): boolean {
  if (amount.value === 0) return kept.length === 0;
  const [only, ...others] = kept;
  return others.length === 0 && only?.value === amount.value && only.currency === amount.currency;
}

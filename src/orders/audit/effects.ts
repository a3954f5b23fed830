import type { Money } from '../../domain/money';
import type { OrderItem } from '../../domain/order';
import type { InventoryBooks, OrderBooks, PaymentBooks, ShippingBooks } from '../../domain/service-contract';

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
  readonly shipments: number;
}

export function standing(effects: OrderEffects): StandingEffects {
  return {
    orderRows: effects.orderRows.filter(({ status }) => status === 'created').length,
    reservations: effects.reservations.filter(({ state }) => state === 'sold').map(({ items }) => items),
    shipments: effects.shipments.filter(({ status }) => status === 'created').length,
  };
}

/** `an order row, a shipment`; empty when nothing stands. */
export function describeStanding({ orderRows, reservations, shipments }: StandingEffects): string {
  return [
    ...(orderRows > 0 ? ['an order row'] : []),
    ...(reservations.length > 0 ? ['a reservation'] : []),
    ...(shipments > 0 ? ['a shipment'] : []),
  ].join(', ');
}

/** Charged − refunded by currency, without what comes to nothing. */
export function balances(effects: OrderEffects): Money[] {
  const kept = new Map<string, number>();
  for (const { currency, charged, refunded } of effects.payments) {
    kept.set(currency, (kept.get(currency) ?? 0) + charged - refunded);
  }
  return [...kept].filter(([, value]) => value !== 0).map(([currency, value]) => ({ value, currency }));
}

/** Authorised money that is neither captured nor voided. */
export function heldMoney(effects: OrderEffects): number {
  return effects.payments.reduce((sum, { held }) => sum + held, 0);
}

/** True when the books alone look like an order that was completed, or like one that was undone. */
export function coherent(effects: OrderEffects): boolean {
  const { orderRows, reservations, shipments } = standing(effects);
  const kept = balances(effects);
  if (heldMoney(effects) !== 0) return false;
  if (orderRows === 0) return reservations.length === 0 && shipments === 0 && kept.length === 0;
  const amount = effects.orderRows.find(({ status }) => status === 'created')?.amount;
  const paid = amount !== undefined && paysExactly(kept, amount);
  return orderRows === 1 && reservations.length === 1 && shipments === 1 && paid;
}

/** Whether what was kept is the amount, no more, no less, in no other currency. */
export function paysExactly(kept: readonly Money[], amount: Money): boolean {
  if (amount.value === 0) return kept.length === 0;
  const [only, ...others] = kept;
  return others.length === 0 && only?.value === amount.value && only.currency === amount.currency;
}

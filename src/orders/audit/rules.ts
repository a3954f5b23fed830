import { formatMoney } from '../../domain/money';
import type { Money } from '../../domain/money';
import type { CompensationView } from '../../domain/order';
import type { CompensationName } from '../../domain/steps';
import type { Interruption } from '../errors';
import {
  balances,
  coherent,
  describeStanding,
  heldItems,
  heldMoney,
  moneyOut,
  overdueHolds,
  paysExactly,
  standing,
} from './effects';
import type { OrderEffects, StandingEffects } from './effects';
import type { AuditRule, Debt, Violation } from './report';

/**
 * What became of an order, as far as its books must agree with it. `open`: still at work, or waiting for an
 * operator. `unknown`: there is no workflow.
 */
export type OrderEnd = 'completed' | 'undone' | 'open' | 'unknown' | Interruption;

export interface OrderFacts {
  readonly orderId: string;
  readonly end: OrderEnd;
  readonly effects: OrderEffects;
  /** The price that the order was accepted at, where its books do not say. */
  readonly amount?: Money | undefined;
  /** Compensations that an operator gave up; only looked at for `undone`. */
  readonly skipped?: readonly CompensationView[];
}

export interface Judgement {
  readonly violations: readonly Violation[];
  readonly debts: readonly Debt[];
}

/** Whether the books of one order are as its end wants them. */
export function judgeOrder(facts: OrderFacts): Judgement {
  const violations: Violation[] = [];
  const debts: Debt[] = [];
  const stands = standing(facts.effects);
  const violation = (rule: AuditRule, detail: string) => {
    violations.push({ orderId: facts.orderId, rule, detail });
  };
  for (const detail of doubles(stands)) violation('at_most_once', detail);
  const amount = amountOf(facts);

  if (facts.end !== 'completed' && facts.end !== 'undone') {
    for (const detail of overdueHolds(facts.effects)) violation('hold_left', detail);
  }
  switch (facts.end) {
    case 'open':
      // What is at work is never wrong for being half done, only for what nothing yet to come can explain.
      for (const detail of overcharges(facts.effects, amount)) violation('overcharged', detail);
      break;
    case 'completed': {
      const missing = missingEffects(stands);
      if (missing.length > 0) violation('completed_in_full', `completed without ${missing.join(', ')}`);
      if (stands.holds > 0) violation('hold_left', 'completed, but stock is still on hold');
      const wrong = wrongPayment(facts.effects, amount);
      if (wrong !== undefined) violation('money_conserved', wrong);
      break;
    }
    case 'undone':
      judgeUndone(facts, stands, violation, debts);
      break;
    case 'unknown':
      if (!coherent(facts.effects)) {
        violation('orphan_effect', `no workflow will ever undo ${describeLeft(facts.effects)}`);
      }
      break;
    default:
      if (describeLeft(facts.effects) !== '') {
        violation('interrupted', `its workflow ${facts.end} and left ${describeLeft(facts.effects)}`);
      }
  }
  return { violations, debts };
}

function judgeUndone(
  { orderId, effects, skipped = [] }: OrderFacts,
  stands: StandingEffects,
  violation: (rule: AuditRule, detail: string) => void,
  debts: Debt[],
): void {
  const owed = (steps: readonly CompensationName[], what: Pick<Debt, 'amount' | 'items'> = {}): boolean => {
    const given = skipped.find(({ step, state }) => steps.includes(step) && state === 'skipped');
    if (given === undefined) return false;
    debts.push({
      orderId,
      step: given.step,
      ...what,
      skippedBy: given.skippedBy ?? 'unknown',
      reason: given.reason ?? '',
    });
    return true;
  };
  if (stands.shipments > 0 && !owed(['cancel_shipment'])) violation('nothing_stands', 'a shipment stands');
  const sold = { items: stands.reservations.flat() };
  if (stands.reservations.length > 0 && !owed(['release_inventory', 'reverse_inventory'], sold)) {
    violation('nothing_stands', 'a reservation stands');
  }
  // Until the service's own clock ends it.
  const reserved = { items: heldItems(effects) };
  if (stands.holds > 0 && !owed(['cancel_inventory', 'reverse_inventory'], reserved)) {
    violation('hold_left', 'undone, but stock is still on hold');
  }
  if (stands.orderRows > 0 && !owed(['cancel_order'])) violation('nothing_stands', 'an order row stands');
  for (const kept of balances(effects)) {
    // Too much given back is nobody's debt to the customer.
    if (kept.value > 0 && owed(['refund_payment', 'reverse_payment'], { amount: kept })) continue;
    violation('money_conserved', `undone, but ${formatMoney(kept)} of the customer's was kept`);
  }
  for (const amount of heldMoney(effects)) {
    if (owed(['cancel_payment', 'reverse_payment'], { amount })) continue;
    violation('money_conserved', `undone, but ${formatMoney(amount)} is still held`);
  }
}

function amountOf({ effects, amount }: OrderFacts): Money | undefined {
  const row = effects.orderRows.find(({ status }) => status === 'created') ?? effects.orderRows[0];
  return row?.amount ?? amount;
}

function doubles({ orderRows, reservations, holds, shipments }: StandingEffects): string[] {
  const counted: [string, number][] = [
    ['order rows', orderRows],
    ['reservations', reservations.length + holds],
    ['shipments', shipments],
  ];
  return counted.filter(([, n]) => n > 1).map(([what, n]) => `${String(n)} ${what} stand`);
}

function overcharges(effects: OrderEffects, amount: Money | undefined): string[] {
  if (amount === undefined) return [];
  return moneyOut(effects)
    .filter(({ value, currency }) => value > (currency === amount.currency ? amount.value : 0))
    .map((kept) => `${formatMoney(kept)} was taken for an order of ${formatMoney(amount)}`);
}

function missingEffects({ orderRows, reservations, shipments }: StandingEffects): string[] {
  return [
    ...(orderRows === 0 ? ['an order row'] : []),
    ...(reservations.length === 0 ? ['a reservation'] : []),
    ...(shipments === 0 ? ['a shipment'] : []),
  ];
}

function wrongPayment(effects: OrderEffects, amount: Money | undefined): string | undefined {
  if (heldMoney(effects).length > 0) return 'completed, but money is still held';
  const kept = balances(effects);
  if (amount === undefined) {
    return kept.length === 0 ? undefined : `paid ${describeMoney(kept)}, but no book says for what`;
  }
  if (paysExactly(kept, amount)) return undefined;
  return `completed for ${formatMoney(amount)}, but ${describeMoney(kept)} was kept`;
}

function describeMoney(kept: readonly Money[]): string {
  return kept.length === 0 ? 'nothing' : kept.map(formatMoney).join(' and ');
}

/** Whatever of the order stands, money included; empty when nothing does but what is on hold. */
function describeLeft(effects: OrderEffects): string {
  const kept = balances(effects);
  return [describeStanding(standing(effects)), ...(kept.length > 0 ? [describeMoney(kept)] : [])]
    .filter((part) => part !== '')
    .join(', ');
}

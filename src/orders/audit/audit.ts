import type { Client } from '@temporalio/client';
import type { Money } from '../../domain/money';
import { OrderNotFoundError } from '../errors';
import { forEachBounded } from '../for-each-bounded';
import type { OrderClient } from '../order-client';
import { isInterrupted } from '../order-summary';
import type { OrderSummary } from '../order-summary';
import type { BookSources, Books } from './books';
import { noEffects, readBooks, readInventory } from './books';
import type { AuditReport, Debt, MoneyTotals, Violation } from './report';
import { judgeOrder } from './rules';
import type { Judgement, OrderEnd, OrderFacts } from './rules';
import { checkStock } from './stock-check';
import { listEveryOrder } from './workflows';

export interface AuditDeps {
  readonly client: Client;
  readonly orders: Pick<OrderClient, 'summary' | 'get'>;
  readonly sources: BookSources;
}

/**
 * Whether stock, money and effects are as every order's end wants them (SPEC, "What never happens"); what it
 * reports as a violation is one, also while orders are being placed.
 *
 * For that, ends are read before the books: an order that was final by then changes no book any more. Orders
 * that end later are judged as being at work. Temporal's list lags by about a second, so that orders which it
 * calls unfinished or interrupted, or does not know, are asked for one by one.
 *
 * @throws `ServiceUnreachableError`, `TemporalUnavailableError`: half an audit would be none.
 */
export async function auditOrders(deps: AuditDeps): Promise<AuditReport> {
  const orders = await listEveryOrder(deps.client);
  const unfinished = [...orders.values()].filter(
    (order) => order.closedAt === undefined || isInterrupted(order),
  );
  await forEachBounded(unfinished, async ({ orderId }) => {
    const current = await summaryOf(orderId, deps);
    if (current !== undefined) orders.set(orderId, current);
  });
  const books = await readBooks(deps.sources);
  const unlisted = new Map<string, OrderSummary | undefined>();
  await forEachBounded(
    [...books.effects.keys()].filter((orderId) => !orders.has(orderId)),
    async (orderId) => {
      unlisted.set(orderId, await summaryOf(orderId, deps));
    },
  );

  const facts = [
    ...[...orders.values()].map((summary) => factsOf(summary.orderId, endOf(summary), summary.amount, books)),
    ...[...unlisted].map(([orderId, summary]) =>
      // Seen only after the books: that they were half written says nothing.
      factsOf(orderId, summary === undefined ? 'unknown' : 'open', summary?.amount, books),
    ),
  ];
  const judgements = await judgeAll(facts, deps);
  const stock = await checkStock(books.inventory, () => readInventory(deps.sources.inventory));
  const violations: Violation[] = [...stock.violations, ...judgements.flatMap((one) => one.violations)];
  const debts: Debt[] = judgements.flatMap((one) => one.debts);
  return {
    ok: violations.length === 0,
    stock: stock.stock,
    ...moneyOf(books),
    orders: countOrders([...orders.values(), ...unlisted.values()]),
    violations,
    debts,
    unchecked: stock.unchecked,
  };
}

async function summaryOf(orderId: string, { orders }: AuditDeps): Promise<OrderSummary | undefined> {
  try {
    return await orders.summary(orderId);
  } catch (error) {
    if (error instanceof OrderNotFoundError) return undefined;
    throw error;
  }
}

function endOf({ status, interrupted, closedAt }: OrderSummary): OrderEnd {
  if (interrupted !== undefined) return interrupted;
  if (closedAt === undefined) return 'open';
  return status === 'completed' ? 'completed' : 'undone';
}

function factsOf(orderId: string, end: OrderEnd, amount: Money | undefined, books: Books): OrderFacts {
  return { orderId, end, amount, effects: books.effects.get(orderId) ?? noEffects() };
}

/** What an operator gave up is only in the order's own view, which is read only where something is left. */
async function judgeAll(facts: readonly OrderFacts[], { orders }: AuditDeps): Promise<Judgement[]> {
  const judgements: Judgement[] = [];
  const suspects: OrderFacts[] = [];
  for (const order of facts) {
    const judgement = judgeOrder(order);
    if (order.end === 'undone' && judgement.violations.length > 0) suspects.push(order);
    else judgements.push(judgement);
  }
  await forEachBounded(suspects, async (order) => {
    const { compensations } = await orders.get(order.orderId);
    judgements.push(judgeOrder({ ...order, skipped: compensations }));
  });
  return judgements;
}

function moneyOf(books: Books): Pick<AuditReport, 'money' | 'currencies'> {
  const byCurrency = new Map<string, MoneyTotals>();
  let money: MoneyTotals = { charged: 0, refunded: 0, held: 0, captured: 0 };
  for (const { payments } of books.effects.values()) {
    for (const payment of payments) {
      money = add(money, payment);
      byCurrency.set(payment.currency, add(byCurrency.get(payment.currency), payment));
    }
  }
  return { money, currencies: [...byCurrency].map(([currency, totals]) => ({ currency, ...totals })) };
}

function add(
  totals: MoneyTotals = { charged: 0, refunded: 0, held: 0, captured: 0 },
  { charged, refunded, held }: Pick<MoneyTotals, 'charged' | 'refunded' | 'held'>,
): MoneyTotals {
  return {
    charged: totals.charged + charged,
    refunded: totals.refunded + refunded,
    held: totals.held + held,
    captured: totals.captured + charged - refunded,
  };
}

function countOrders(orders: readonly (OrderSummary | undefined)[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const order of orders) {
    const status = order === undefined ? 'archived' : (order.interrupted ?? order.status);
    counts[status] = (counts[status] ?? 0) + 1;
  }
  return counts;
}

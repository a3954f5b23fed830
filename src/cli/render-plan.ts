import { formatMoney } from '../domain/money';
import type { OrderItem, OrderView } from '../domain/order';
import type { CompensationName } from '../domain/steps';
import type { AttentionPlan, SkipPlan } from '../orders/attention-plan';
import type { CancelPlan, Moves, PlannedUndo } from '../orders/undo-plan';
import type { Colours } from './output';
import { printable } from './output';
import { titleOf, utcTime } from './render-order';
import { renderTable } from './table';

interface Screen {
  readonly colours: Colours;
  readonly width?: number | undefined;
}

/** What cancelling would do, for people. */
export function renderCancelPlan(plan: CancelPlan, screen: Screen): string {
  const { orderId, status, effect, finishFirst, undo, ends } = plan;
  const { colours } = screen;
  const order = `Order ${orderId} is ${status}`;
  const undos = undo.length === 0 ? [] : [renderUndos(undo, screen)];
  const unchanged = colours.dim('Nothing was changed.');
  if (effect === 'needs_attention') {
    const remedy = colours.dim(`What can be done: npx orders attention --plan`);
    return [`${order}: cancelling it would change nothing. It waits with:`, ...undos, unchanged, remedy].join(
      '\n',
    );
  }
  if (effect === 'already_compensating') {
    const left = undo.length === 0 ? '' : ' What is left of that, in this order:';
    return [
      `${order}: it is being undone already, cancelling it would change nothing.${left}`,
      ...undos,
      unchanged,
    ].join('\n');
  }
  const promised =
    finishFirst.length === 0
      ? 'undo'
      : `first finish ${finishFirst.map(titleOf).join(' and ')}, because both are promised, then undo`;
  return [
    undo.length === 0
      ? `${order}. Cancelling it now would end it as ${ends}: there is nothing to undo.`
      : `${order}. Cancelling it now would ${promised}, in this order, and end it as ${ends}:`,
    ...undos,
    unchanged,
  ].join('\n');
}

/** One order that waits: since when, why, and what each decision about it would do. */
export function renderAttentionPlan(
  { orderId, customerId, amount }: OrderView,
  { since, waiting, retry, skip, givenUp }: AttentionPlan,
  screen: Screen,
): string {
  const { colours } = screen;
  const id = printable(orderId);
  return [
    `${colours.bold(id)}  ${printable(customerId)}  ${formatMoney(amount)}  since ${utcTime(since)} UTC`,
    ...waiting.map(({ step, attempts, error }) =>
      colours.red(
        `  ${titleOf(step)} could not be finished after ${plural(attempts, 'attempt')}: ${printable(error ?? 'no reason given')}`,
      ),
    ),
    ...givenUp.map(
      (one) =>
        `  ${titleOf(one.step)} was given up by ${printable(one.skippedBy)}: ${printable(one.reason)}; ${leavesText(one.step, one)}`,
    ),
    `  npx orders retry ${id}`,
    ...retry.undo.map((undo) => `      runs ${titleOf(undo.step)}: ${movesText(undo)}`),
    `      then the order is ${retry.ends}`,
    ...skip.flatMap((one) => skipLines(id, one)),
  ].join('\n');
}

function skipLines(orderId: string, { step, leaves, stillWaiting, ends }: SkipPlan): string[] {
  const then =
    ends === undefined
      ? `the order still waits with ${stillWaiting.map(titleOf).join(', ')}`
      : `the order is ${ends}`;
  return [
    `  npx orders skip ${orderId} --step ${step} --reason '…'`,
    `      leaves a debt: ${leavesText(step, leaves)}`,
    `      then ${then}`,
  ];
}

function renderUndos(undos: readonly PlannedUndo[], screen: Screen): string {
  const rows = undos.map((undo, index) => [String(index + 1), titleOf(undo.step), movesText(undo)]);
  return renderTable(['', 'UNDO', 'MOVES'], rows, screen);
}

/** `refunds 59.98 EUR` */
function movesText({ certain, money, stock }: PlannedUndo): string {
  const moves = [
    ...(money === undefined
      ? []
      : [`${money.from === 'held' ? 'releases the hold on' : 'refunds'} ${formatMoney(money)}`]),
    ...(stock === undefined
      ? []
      : [`${stock.from === 'reserved' ? 'frees' : 'puts back'} ${itemsText(stock.items)}`]),
  ];
  const text = moves.length === 0 ? 'no money, no stock' : moves.join(', ');
  return certain ? text : `${text} (if there is anything to undo: nobody knows yet)`;
}

/** What stays as it is where nothing is moved. */
const STANDS: Readonly<Partial<Record<CompensationName, string>>> = {
  cancel_shipment: 'the shipment stands',
  cancel_order: 'the order stands in the books of the order service',
};

/** What an undo that is skipped leaves. */
function leavesText(step: CompensationName, { money, stock }: Moves): string {
  const left: string[] = [];
  if (money?.from === 'captured') left.push(`${formatMoney(money)} stay with us that are the customer's`);
  if (money?.from === 'held') {
    left.push(`${formatMoney(money)} stay blocked on the customer's card until the hold ends by itself`);
  }
  if (stock?.from === 'sold') left.push(`${itemsText(stock.items)} stay sold to nobody`);
  if (stock?.from === 'reserved') {
    left.push(`${itemsText(stock.items)} stay reserved until the hold ends by itself`);
  }
  return left.length === 0 ? (STANDS[step] ?? 'it stands') : left.join(', ');
}

/** `2 × SKU-KEYBOARD` */
export function itemsText(items: readonly OrderItem[]): string {
  return items.map(({ sku, quantity }) => `${String(quantity)} × ${printable(sku)}`).join(', ');
}

/** `3 orders` */
export function plural(n: number, noun: string): string {
  return `${String(n)} ${noun}${n === 1 ? '' : 's'}`;
}

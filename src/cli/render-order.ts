import { formatMoney } from '../domain/money';
import { ABANDONED } from '../domain/order';
import type { CompensationState, OrderSettlement, OrderStatus, OrderView, StepState } from '../domain/order';
import { ALL_STEPS } from '../domain/steps';
import type { OrderSummary } from '../orders/order-summary';
import type { Colours } from './output';
import { printable } from './output';
import { renderTable } from './table';
import type { Cell } from './table';

interface Screen {
  readonly colours: Colours;
  readonly width?: number | undefined;
}

type AnyState = OrderStatus | StepState | CompensationState;

const COLOUR_OF_STATE: Readonly<Record<AnyState, 'green' | 'red' | 'yellow' | 'cyan' | 'dim'>> = {
  completed: 'green',
  done: 'green',
  failed: 'red',
  needs_attention: 'red',
  unknown: 'yellow',
  cancelled: 'yellow',
  compensating: 'yellow',
  skipped: 'yellow',
  running: 'cyan',
  pending: 'dim',
};

export function stateCell(state: AnyState, { colours }: Screen): Cell {
  return { text: state, colour: colours[COLOUR_OF_STATE[state]] };
}

const TITLES: Readonly<Record<string, string>> = Object.fromEntries(
  ALL_STEPS.flatMap(({ name, title, compensation }) => [
    [name, title],
    [compensation.name, compensation.title],
  ]),
);

/** `Reserve Inventory` for `reserve_inventory`. */
export function titleOf(step: string): string {
  return TITLES[step] ?? step;
}

/** Why the order is not completed, in one line; undefined when it is, or is still at work. */
export function whyNotCompleted(order: OrderView): string | undefined {
  const { orderId, status, failure } = order;
  if (status !== 'failed' && status !== 'cancelled' && status !== 'needs_attention') return undefined;
  const where = failure?.step == null ? '' : ` at ${titleOf(failure.step)}`;
  const cause = failure === undefined ? '' : `${where}: ${failure.code} (${printable(failure.message)})`;
  if (status === 'cancelled' && failure !== undefined)
    return `Order ${orderId}: ${printable(failure.message)}`;
  if (status !== 'needs_attention') return `Order ${orderId} ${status}${cause}`;
  return `Order ${orderId} needs attention: ${waiting(order)}; it failed${cause}`;
}

function waiting({ compensations }: OrderView): string {
  return compensations
    .filter(({ state }) => state === 'failed')
    .map(
      ({ step, error }) =>
        `${titleOf(step)} could not be finished (${printable(error ?? 'no reason given')})`,
    )
    .join('; ');
}

/** Everything about one order, for people. */
export function renderOrder(order: OrderView, screen: Screen): string {
  const { colours } = screen;
  const field = (name: string, value: string) => `${colours.dim(name.padEnd(10))}${printable(value)}`;
  const status = colours[COLOUR_OF_STATE[order.status]](order.status);
  const lines = [
    `${colours.dim('Order     ')}${colours.bold(printable(order.orderId))}  ${status}`,
    ...(order.transaction === 'tcc' ? [field('Kind', 'TCC transaction')] : []),
    field('Customer', order.customerId),
    field('Items', order.items.map(({ sku, quantity }) => `${String(quantity)} × ${sku}`).join(', ')),
    field('Amount', formatMoney(order.amount)),
    ...(order.paymentId === undefined ? [] : [field('Payment', order.paymentId)]),
    ...(order.shipmentId === undefined ? [] : [field('Shipment', order.shipmentId)]),
    ...(order.settlement === undefined ? [] : [field('Guardian', settlementText(order.settlement))]),
    field('Trace', order.traceId),
    field('Created', order.createdAt),
    field('Updated', order.updatedAt),
    '',
    renderSteps(order, screen),
  ];
  const why = whyNotCompleted(order);
  if (why !== undefined) lines.push('', colours.red(why));
  if (order.status === 'needs_attention') lines.push(...remedies(order, colours));
  return lines.join('\n');
}

/** `The workflow was terminated (2026-01-31 10:15:00); the guardian took over at 2026-01-31 10:15:04` */
function settlementText({ abandoned, abandonedAt, startedAt }: OrderSettlement): string {
  const at = abandonedAt === undefined ? '' : ` (${utcTime(abandonedAt)})`;
  return `The workflow ${ABANDONED[abandoned]}${at}; the guardian took over at ${utcTime(startedAt)}`;
}

/** Steps and compensations in the order in which they were begun. */
export function renderSteps(order: OrderView, screen: Screen): string {
  const steps = order.steps.map((step): Cell[] => [
    String(step.number),
    titleOf(step.step),
    stateCell(step.state, screen),
    String(step.attempts),
    duration(step.startedAt, step.endedAt),
    step.error ?? '',
  ]);
  const compensations = order.compensations.map((compensation): Cell[] => [
    '↩',
    titleOf(compensation.step),
    stateCell(compensation.state, screen),
    String(compensation.attempts),
    duration(compensation.startedAt, compensation.endedAt),
    compensation.state === 'skipped'
      ? `by ${compensation.skippedBy ?? '?'}: ${compensation.reason ?? ''}`
      : (compensation.error ?? ''),
  ]);
  return renderTable(
    ['', 'STEP', 'STATE', 'ATTEMPTS', 'TIME', 'ERROR'],
    [...steps, ...compensations],
    screen,
  );
}

function remedies({ orderId, compensations }: OrderView, colours: Colours): string[] {
  const failed = compensations.filter(({ state }) => state === 'failed');
  return [
    colours.dim(`Try again:  npx orders retry ${orderId}`),
    ...failed.map(({ step }) =>
      colours.dim(`Give it up: npx orders skip ${orderId} --step ${step} --reason '…'`),
    ),
  ];
}

/** `2026-01-31 10:15:00`, of an ISO 8601 time in UTC. */
export function utcTime(iso: string): string {
  return iso.slice(0, 19).replace('T', ' ');
}

function duration(startedAt: string | undefined, endedAt: string | undefined): string {
  if (startedAt === undefined || endedAt === undefined) return '';
  const ms = Date.parse(endedAt) - Date.parse(startedAt);
  return ms < 1000 ? `${String(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** What Temporal alone knows of an order, for people. */
export function renderSummary(order: OrderSummary, screen: Screen): string {
  return renderSummaries([order], screen);
}

export function renderSummaries(orders: readonly OrderSummary[], screen: Screen): string {
  const rows = orders.map((order): Cell[] => [
    order.orderId,
    statusCell(order, screen),
    order.customerId,
    order.amount === undefined ? '' : formatMoney(order.amount),
    utcTime(order.createdAt),
  ]);
  return renderTable(['ORDER', 'STATUS', 'CUSTOMER', 'AMOUNT', 'CREATED (UTC)'], rows, {
    ...screen,
    whole: [0],
  });
}

/** Of an order that was interrupted how, and that the guardian took over, when it did. */
function statusCell({ status, interrupted, settlement }: OrderSummary, screen: Screen): Cell {
  if (interrupted !== undefined) return { text: `${status} (${interrupted})`, colour: screen.colours.red };
  const cell = stateCell(status, screen);
  if (settlement === undefined || typeof cell === 'string') return cell;
  return { ...cell, text: `${status} (${settlement.abandoned}, guardian ${utcTime(settlement.startedAt)})` };
}

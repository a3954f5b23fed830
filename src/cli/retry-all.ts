import { formatMoney } from '../domain/money';
import type { OrderView } from '../domain/order';
import type { CompensationName } from '../domain/steps';
import { attentionPlan, moneyOf } from '../orders/attention-plan';
import { retryWaiting } from '../orders/retry-waiting';
import type { RetriedOrder } from '../orders/retry-waiting';
import type { PlannedUndo } from '../orders/undo-plan';
import { waitingOrders } from '../orders/waiting-orders';
import type { CommandContext } from './context';
import { EXIT } from './failure';
import type { ExitCode } from './failure';
import { printable } from './output';
import type { CliIo, Output } from './output';
import { titleOf } from './render-order';
import { plural } from './render-plan';
import { withSession } from './session';
import { renderTable } from './table';

export interface RetryAllOptions {
  readonly step?: CompensationName;
  readonly customer?: string;
  readonly yes?: true;
  readonly by: string;
  readonly reason?: string;
}

/**
 * Has every order that waits, and matches, try again what it waits with, after it was confirmed; 1 when some still wait,
 * or nothing was confirmed.
 */
export async function retryAll(
  { step, customer, yes, by, reason }: RetryAllOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const { config, io, output } = context;
  return withSession(context, { search: true }, async ({ orders }) => {
    const waiting = await waitingOrders(orders, { customerId: customer, step });
    if (waiting.length === 0) return print([], output);
    output.note(summaryOf(waiting, step));
    if (yes !== true && !(await isConfirmed(io, 'Try all of that again?'))) {
      output.result(
        { ok: false, confirmed: false, orders: [] },
        () => 'Nothing was tried again: that takes a y, or --yes',
      );
      return EXIT.notCompleted;
    }
    let done = 0;
    const onOrder = (order: RetriedOrder) => {
      output.note(`${String(++done)} of ${String(waiting.length)}: ${progressText(order)}`);
    };
    const timeoutMs = config.orderWaitMs;
    return print(await retryWaiting(orders, waiting, { by, reason, step, timeoutMs, onOrder }), output);
  });
}

function print(orders: readonly RetriedOrder[], output: Output): ExitCode {
  const ok = orders.every(({ result }) => result === 'settled' || result === 'working');
  output.result({ ok, confirmed: true, orders }, () => renderRetried(orders, output));
  return ok ? EXIT.done : EXIT.notCompleted;
}

/** `3 orders wait. To be tried again: 3 × Refund Payment (179.94 EUR), 1 × Cancel Order` */
function summaryOf(waiting: readonly OrderView[], step: CompensationName | undefined): string {
  const undos = waiting
    .flatMap((order) => attentionPlan(order).retry.undo)
    .filter((undo) => step === undefined || undo.step === step);
  const byStep = new Map<CompensationName, PlannedUndo[]>();
  for (const undo of undos) byStep.set(undo.step, [...(byStep.get(undo.step) ?? []), undo]);
  const parts = [...byStep].map(([name, same]) => {
    const money = moneyOf(same).map(formatMoney).join(' and ');
    return `${String(same.length)} × ${titleOf(name)}${money === '' ? '' : ` (${money})`}`;
  });
  const wait = waiting.length === 1 ? 'order waits' : 'orders wait';
  return `${String(waiting.length)} ${wait}. To be tried again: ${parts.join(', ')}`;
}

/** One line on stdin says; where there is none, nobody has confirmed. */
async function isConfirmed({ stdin, stderr }: CliIo, question: string): Promise<boolean> {
  stderr.write(`${question} [y/N] `);
  const decoder = new TextDecoder();
  let said = '';
  for await (const chunk of stdin) {
    said += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    if (said.includes('\n')) break;
  }
  stderr.write('\n');
  return /^y(es)?$/i.test((said.split('\n')[0] ?? '').trim());
}

function progressText({ orderId, result, status, waiting = [], error }: RetriedOrder): string {
  const order = `order ${printable(orderId)}`;
  switch (result) {
    case 'settled':
      return `${order} is ${String(status)}`;
    case 'waiting':
      return `${order} still waits with ${waiting.map(({ step }) => titleOf(step)).join(', ')}`;
    case 'working':
      return `${order} is still at work`;
    case 'gone':
      return printable(error ?? `${order} is gone`);
  }
}

function renderRetried(orders: readonly RetriedOrder[], output: Output): string {
  if (orders.length === 0) return 'No order waits for an operator';
  const of = (wanted: RetriedOrder['result']) => orders.filter(({ result }) => result === wanted);
  const [settled, working, left] = [of('settled'), of('working'), [...of('waiting'), ...of('gone')]];
  const rows = left.flatMap(({ orderId, waiting, error }) =>
    waiting === undefined
      ? [[orderId, '', error ?? '']]
      : waiting.map((one) => [orderId, titleOf(one.step), one.error ?? '']),
  );
  return [
    `${String(settled.length)} of ${plural(orders.length, 'order')} settled`,
    ...(working.length === 0
      ? []
      : [
          `Still at work: ${working.map(({ orderId }) => printable(orderId)).join(', ')}. Follow one: npx orders status ID --watch`,
        ]),
    ...(rows.length === 0
      ? []
      : [
          '',
          renderTable(['STILL WAITS', 'COULD NOT', 'WHY'], rows, {
            colours: output.colours,
            width: output.width,
            whole: [0],
          }),
        ]),
  ].join('\n');
}

import { setTimeout as sleep } from 'node:timers/promises';
import { isFinal } from '../domain/order';
import type { CompensationView, OrderView, StepView } from '../domain/order';
import { NoWorkerError } from '../orders/errors';
import type { OrderClient } from '../orders/order-client';
import type { Output } from './output';
import { printable, terminalWidth } from './output';
import { renderSteps, titleOf } from './render-order';

/** How often a watched order is looked at, ms. */
const WATCH_INTERVAL_MS = 100;
/** How often, while no worker answers, ms. */
const NO_WORKER_INTERVAL_MS = 1_000;

/**
 * Shows every change of the order on stderr until it is final or waits for an operator, and returns it then: a
 * block that is redrawn on a terminal, one line for each change elsewhere.
 */
export async function watchOrder(
  orders: Pick<OrderClient, 'get'>,
  orderId: string,
  output: Output,
): Promise<OrderView> {
  const progress = output.io.stderr.isTTY === true ? redrawnBlock(output) : changeLines(output);
  let warned = false;
  for (;;) {
    let interval = WATCH_INTERVAL_MS;
    try {
      const order = await orders.get(orderId);
      progress(order);
      if (isFinal(order.status) || order.status === 'needs_attention') return order;
    } catch (error) {
      if (!(error instanceof NoWorkerError)) throw error;
      if (!warned) output.note(`waiting: ${error.message}`);
      warned = true;
      interval = NO_WORKER_INTERVAL_MS;
    }
    await sleep(interval);
  }
}

type Progress = (order: OrderView) => void;

function redrawnBlock(output: Output): Progress {
  const { stderr } = output.io;
  let drawn = '';
  let height = 0;
  return (order) => {
    const screen = { colours: output.noteColours, width: terminalWidth(stderr) };
    const block = `Order ${printable(order.orderId)}  ${order.status}\n${renderSteps(order, screen)}\n`;
    if (block === drawn) return;
    // Up to the block's first line, and clear from there.
    stderr.write((height > 0 ? `\u001b[${String(height)}A\u001b[0J` : '') + block);
    drawn = block;
    height = block.split('\n').length - 1;
  };
}

function changeLines(output: Output): Progress {
  const seen = new Map<string, string>();
  const report = (key: string, line: string) => {
    if (seen.get(key) === line) return;
    seen.set(key, line);
    output.note(line);
  };
  return (order) => {
    for (const step of order.steps) if (step.state !== 'pending') report(step.step, progressLine(step));
    for (const step of order.compensations)
      if (step.state !== 'pending') report(step.step, progressLine(step));
    report('order', `order ${printable(order.orderId)}: ${order.status}`);
  };
}

function progressLine({ step, state, attempts, error }: StepView | CompensationView): string {
  const tries = attempts > 1 ? ` after ${String(attempts)} attempts` : '';
  return `${titleOf(step)}: ${state}${tries}${error === undefined ? '' : ` (${printable(error)})`}`;
}

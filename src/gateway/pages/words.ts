import type { CompensationState, OrderStatus, OrderView, StepState } from '../../domain/order';
import { ALL_STEPS } from '../../domain/steps';
import type { Interruption } from '../../orders/errors';
import type { OrderSummary } from '../../orders/order-summary';
import { html } from './html';
import type { Html } from './html';
import { icon } from './icons';
import type { IconName } from './icons';

/** A state as it is shown: by a word and a drawing first, by a colour third. */
interface Look {
  readonly word: string;
  readonly icon: IconName;
  readonly tone: 'good' | 'bad' | 'active' | 'undo' | 'unsure' | 'quiet' | 'alarm';
}

const STATUS_LOOKS: Readonly<Record<OrderStatus, Look>> = {
  pending: { word: 'Pending', icon: 'pending', tone: 'quiet' },
  running: { word: 'Running', icon: 'running', tone: 'active' },
  completed: { word: 'Completed', icon: 'done', tone: 'good' },
  compensating: { word: 'Compensating', icon: 'undo', tone: 'undo' },
  cancelled: { word: 'Cancelled', icon: 'cancelled', tone: 'quiet' },
  failed: { word: 'Failed', icon: 'failed', tone: 'bad' },
  needs_attention: { word: 'Needs attention', icon: 'attention', tone: 'alarm' },
};

const INTERRUPTED: Look = { word: 'Interrupted', icon: 'interrupted', tone: 'alarm' };

const STATE_LOOKS: Readonly<Record<StepState | CompensationState, Look>> = {
  pending: { word: 'pending', icon: 'pending', tone: 'quiet' },
  running: { word: 'running', icon: 'running', tone: 'active' },
  done: { word: 'done', icon: 'done', tone: 'good' },
  failed: { word: 'failed', icon: 'failed', tone: 'bad' },
  unknown: { word: 'unknown', icon: 'unknown', tone: 'unsure' },
  skipped: { word: 'skipped', icon: 'skipped', tone: 'unsure' },
};

/** A step that was never begun, because an earlier one ended the order: nobody decided that. */
const NOT_RUN: Look = { word: 'not run', icon: 'notRun', tone: 'quiet' };

export function lookOfStatus(status: OrderStatus): Look {
  return STATUS_LOOKS[status];
}

/** How the order's workflow was ended from outside; undefined for all others. */
export function interruptionOf(order: OrderView | OrderSummary): Interruption | undefined {
  return 'interrupted' in order ? order.interrupted : undefined;
}

/** An interrupted order has no status that still means something. */
export function lookOfOrder(order: OrderView | OrderSummary): Look {
  return interruptionOf(order) === undefined ? lookOfStatus(order.status) : INTERRUPTED;
}

export function lookOfStep(state: StepState): Look {
  return state === 'skipped' ? NOT_RUN : STATE_LOOKS[state];
}

export function lookOfCompensation(state: CompensationState): Look {
  return STATE_LOOKS[state];
}

export function badge(look: Look): Html {
  return html`<span class="badge tone-${look.tone}">${icon(look.icon)}${look.word}</span>`;
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

/** What somebody else wrote: it cannot turn the direction of the text around it. */
export function foreign(text: string): Html {
  return html`<bdi>${text}</bdi>`;
}

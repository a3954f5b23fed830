import { ERRORS, isErrorCode } from '../../domain/errors';
import { ABANDONED } from '../../domain/order';
import type { OrderFailure, OrderSettlement, OrderView } from '../../domain/order';
import type { Interruption } from '../../orders/errors';
import type { OrderSummary } from '../../orders/order-summary';
import { dateTime } from './format';
import { html } from './html';
import type { Content, Html } from './html';
import { icon } from './icons';
import { isWholeOrder, waitingCompensations } from './order-page-model';
import { foreign, interruptionOf, lookOfOrder, titleOf } from './words';

/** `A, B and C` */
const LIST = new Intl.ListFormat('en-GB');

/** Where the order stands, unmistakably: its state, why, and what that means for what had been done. */
export function renderVerdict(order: OrderView | OrderSummary): Html {
  const look = lookOfOrder(order);
  const { orderId } = order;
  return html`<header
    class="verdict tone-${look.tone}"
    data-announce="Order ${orderId}: ${look.word.toLowerCase()}"
  >
    <div class="verdict-mark">${icon(look.icon)}</div>
    <div class="verdict-words">
      <h1>
        <span class="verdict-order">Order <bdi>${orderId}</bdi></span>
        <span class="verdict-state">${look.word}</span>
      </h1>
      ${isWholeOrder(order) ? story(order) : summaryStory(order)}
    </div>
  </header>`;
}

function story(order: OrderView): Content {
  const { status, failure } = order;
  const then = html`<p class="verdict-then">${STORIES[status](order)}</p>`;
  const why = failure !== undefined && status !== 'completed' && reason(order, failure);
  const settled = order.settlement !== undefined && guardian(order.settlement);
  return status === 'needs_attention'
    ? html`${waits(order)} ${why} ${settled}`
    : html`${why} ${then} ${settled}`;
}

/** Who ended the order, when its own workflow did not. */
function guardian({ abandoned, abandonedAt, startedAt }: OrderSettlement): Html {
  return html`<p class="verdict-then">
    Its workflow ${ABANDONED[abandoned]}${abandonedAt !== undefined && html` at ${dateTime(abandonedAt)}`};
    the guardian took the order over at ${dateTime(startedAt)}.
  </p>`;
}

/** What an operator has to decide about comes first: the failure itself is over. */
function waits(order: OrderView): Html {
  const waiting = waitingCompensations(order).map(({ step }) => titleOf(step));
  const wait = waiting.length > 1 ? 'wait' : 'waits';
  const sentence =
    waiting.length === 0
      ? 'It waits for an operator.'
      : `${LIST.format(waiting)} could not be finished and ${wait} for an operator.`;
  return html`<p class="verdict-why">${sentence}</p>`;
}

/** Why the order will not be completed. */
function reason({ status, steps }: OrderView, { code, step, message }: OrderFailure): Html {
  const parked = status === 'needs_attention';
  const weight = parked ? 'verdict-then' : 'verdict-why';
  if (code === 'cancelled') return html`<p class="${weight}">${foreign(message)}</p>`;
  const title = isErrorCode(code) ? ERRORS[code].title : message;
  const [headline, detail] = message.startsWith(title) ? [message] : [title, message];
  const number = steps.find((candidate) => candidate.step === step)?.number;
  return html`<p class="${weight}">${parked && 'The order itself failed: '}${foreign(headline)}</p>
    <p class="verdict-where">
      ${detail !== undefined && html`${foreign(detail)} · `}
      ${number !== undefined && step !== null && html`at step ${number}, ${titleOf(step)} · `}
      <code>${code}</code>
    </p>`;
}

const STORIES: Readonly<Record<OrderView['status'], (order: OrderView) => Content>> = {
  pending: () => 'Nothing has been done yet.',
  running: ({ steps }) => {
    const current = steps.find(({ state }) => state === 'running');
    if (current === undefined) return 'It is between two steps.';
    return `Step ${String(current.number)} of ${String(steps.length)} is under way: ${titleOf(current.step)}.`;
  },
  completed: ({ steps }) => `All ${String(steps.length)} steps are done.`,
  compensating: ({ compensations }) => {
    const current = compensations.find(({ state }) => state === 'running');
    const now = current === undefined ? '' : ` Under way: ${titleOf(current.step)}.`;
    return `What had been done is being undone.${now}`;
  },
  cancelled: undone,
  failed: undone,
  needs_attention: () => undefined,
};

/** What became of what had been done before a final order failed or was cancelled. */
function undone({ compensations }: OrderView): Content {
  if (compensations.length === 0) return 'Nothing had been done, so there was nothing to undo.';
  const skipped = compensations.filter(({ state }) => state === 'skipped');
  if (skipped.length === 0) return 'Everything that had been done was undone.';
  const rest = compensations.length === skipped.length ? '' : ' Everything else was undone.';
  return html`${LIST.format(skipped.map(({ step }) => titleOf(step)))} was given up by
  ${foreign([...new Set(skipped.map(({ skippedBy }) => skippedBy ?? 'an operator'))].join(', '))}.${rest}`;
}

const INTERRUPTIONS: Readonly<Record<Interruption, string>> = {
  terminated: 'Its workflow was terminated from outside.',
  timed_out: 'Its workflow timed out.',
  failed: 'Its workflow failed, which is a bug and not a refusal.',
  cancelled: 'Its workflow was cancelled past the order itself.',
};

function summaryStory(order: OrderSummary): Html {
  const interruption = interruptionOf(order);
  if (interruption !== undefined) {
    return html`<p class="verdict-why">${INTERRUPTIONS[interruption]}</p>
      <p class="verdict-then">
        It had come to “${order.status.replace('_', ' ')}”. The guardian undoes what it had done, within a
        minute where it is on;
        <code>orders audit</code> says what still stands.
      </p>`;
  }
  return html`<p class="verdict-then">
    No worker answers for this order at the moment, so its steps cannot be shown: this is what Temporal itself
    knows. The order is safe and goes on as soon as a worker runs.
  </p>`;
}

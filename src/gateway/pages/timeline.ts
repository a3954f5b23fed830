import type { CompensationView, OrderView, StepView } from '../../domain/order';
import { clockTime, durationText } from './format';
import { html } from './html';
import type { Content, Html } from './html';
import { icon } from './icons';
import { badge, foreign, lookOfCompensation, lookOfStep, titleOf } from './words';

type Shown = StepView | CompensationView;

/** Steps, then what undid them, each in the order in which they were begun. */
export function renderTimeline(order: OrderView, now: Date): Html {
  const { steps, compensations } = order;
  return html`<div class="timelines">
    <section class="card" aria-labelledby="steps-title">
      <h2 id="steps-title">Steps</h2>
      <ol class="timeline">
        ${steps.map((step) => stepEntry(step, order, now))}
      </ol>
    </section>
    ${
      compensations.length > 0 &&
      html`<section class="card" aria-labelledby="compensations-title">
        <h2 id="compensations-title">Compensations</h2>
        <ol class="timeline">
          ${compensations.map((compensation) => compensationEntry(compensation, order, now))}
        </ol>
      </section>`
    }
  </div>`;
}

function stepEntry(step: StepView, order: OrderView, now: Date): Html {
  const look = lookOfStep(step.state);
  return html`<li class="entry tone-${look.tone}">
    <span class="entry-mark" aria-hidden="true">${step.number}</span>
    <div class="entry-head">
      <strong class="entry-title"
        ><span class="for-screen-readers">Step ${step.number}: </span>${titleOf(step.step)}</strong
      >
      ${badge(look)}
    </div>
    ${measures(step, order, now)} ${step.error !== undefined && error(step.error)}
    ${
      step.state === 'unknown' &&
      note('Its outcome is unknown: it may have happened, so it is treated as if it had.')
    }
    ${step.state === 'skipped' && note('Never begun: the order had ended before.')}
  </li>`;
}

function compensationEntry(compensation: CompensationView, order: OrderView, now: Date): Html {
  const look = lookOfCompensation(compensation.state);
  const { step, undoes, state, skippedBy, reason } = compensation;
  const undone = order.steps.find((candidate) => candidate.step === undoes);
  return html`<li class="entry tone-${look.tone}">
    <span class="entry-mark">${icon('undo')}</span>
    <div class="entry-head">
      <strong class="entry-title">${titleOf(step)}</strong>
      ${badge(look)}
    </div>
    ${measures(compensation, order, now)}
    ${note(html`Undoes ${undone !== undefined && html`step ${undone.number}, `}${titleOf(undoes)}.`)}
    ${compensation.error !== undefined && error(compensation.error)}
    ${state === 'failed' && order.status === 'needs_attention' && note('Waits for an operator.')}
    ${
      state === 'skipped' &&
      html`<p class="entry-note entry-decision">
        Given up by <strong>${foreign(skippedBy ?? 'an operator')}</strong>:
        ${foreign(reason ?? 'no reason given')}
      </p>`
    }
  </li>`;
}

function measures({ state, attempts, startedAt, endedAt }: Shown, order: OrderView, now: Date): Content {
  if (startedAt === undefined) return undefined;
  const running = state === 'running';
  const ended = running || endedAt === undefined ? now.toISOString() : endedAt;
  const took = durationText(Math.max(0, Date.parse(ended) - Date.parse(startedAt)));
  return html`<dl class="entry-measures">
    <div>
      <dt>Started</dt>
      <dd>${clockTime(startedAt, order.createdAt)}</dd>
    </div>
    <div>
      <dt>${running ? 'Running for' : 'Took'}</dt>
      <dd>${took}</dd>
    </div>
    ${
      attempts > 0 &&
      html`<div>
        <dt>Attempts</dt>
        <dd>${attempts}</dd>
      </div>`
    }
  </dl>`;
}

function error(text: string): Html {
  return html`<p class="entry-note entry-error">${foreign(text)}</p>`;
}

function note(text: Content): Html {
  return html`<p class="entry-note">${text}</p>`;
}

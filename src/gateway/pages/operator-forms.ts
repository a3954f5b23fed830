import type { CompensationView } from '../../domain/order';
import { html } from './html';
import type { Content, Html } from './html';
import { icon } from './icons';
import { PATHS } from './paths';
import { titleOf } from './words';

/** What the workflow takes for `by` and `reason`. */
const MAX_TEXT = 500;

/**
 * The decision about one compensation that waits: try it again, or give it up, on record with who and why. The
 * Enter key tries again; only a press of the button gives up.
 */
export function renderDecisionForm(orderId: string, { step }: CompensationView, actionId: string): Html {
  const title = titleOf(step);
  const key = `${orderId}-${step}`;
  return html`<form class="decision" method="post" action="${PATHS.compensation(orderId, step, 'retry')}">
    <input type="hidden" name="actionId" value="${actionId}" />
    ${textField({ id: `by-${key}`, name: 'by', label: 'Your name', autocomplete: 'username', required: true })}
    ${textField({ id: `reason-${key}`, name: 'reason', label: 'Reason, for the record', required: true })}
    <div class="buttons">
      <button id="retry-${key}" class="primary" type="submit" aria-label="Retry ${title} of order ${orderId}">
        ${icon('retry')}Retry
      </button>
      <button
        id="skip-${key}"
        class="danger"
        type="submit"
        formaction="${PATHS.compensation(orderId, step, 'skip')}"
        aria-label="Skip ${title} of order ${orderId}"
      >
        ${icon('skipped')}Skip
      </button>
    </div>
  </form>`;
}

/** Asks that everything done so far be undone. */
export function renderCancelForm(orderId: string): Html {
  return html`<section class="card" aria-labelledby="cancel-title">
    <h2 id="cancel-title">Cancel this order</h2>
    <p class="quiet">
      Whatever was done so far is undone, in reverse. An order that completes meanwhile stays.
    </p>
    <form class="decision" method="post" action="${PATHS.cancel(orderId)}">
      ${textField({
        id: 'cancel-by',
        name: 'by',
        label: 'Your name',
        autocomplete: 'username',
        required: true,
      })}
      ${textField({
        id: 'cancel-reason',
        name: 'reason',
        label: html`Reason <span class="quiet">(optional)</span>`,
      })}
      <div class="buttons">
        <button id="cancel" class="danger" type="submit">${icon('cancelled')}Cancel order</button>
      </div>
    </form>
  </section>`;
}

interface TextField {
  readonly id: string;
  readonly name: string;
  readonly label: Content;
  readonly autocomplete?: string;
  readonly required?: boolean;
}

function textField({ id, name, label, autocomplete = 'off', required = false }: TextField): Html {
  return html`<div class="field">
    <label for="${id}">${label}</label>
    <input
      id="${id}"
      name="${name}"
      type="text"
      maxlength="${MAX_TEXT}"
      autocomplete="${autocomplete}"
      ${required && html`required`}
    />
  </div>`;
}

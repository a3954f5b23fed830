import type { CompensationView, OrderView } from '../../domain/order';
import type { OrderSummary } from '../../orders/order-summary';
import { countText, dateTime } from './format';
import { html } from './html';
import type { Content, Html } from './html';
import { renderDecisionForm } from './operator-forms';
import { isWholeOrder, waitingCompensations } from './order-page-model';
import { PATHS } from './paths';
import { foreign, titleOf } from './words';

/** An order that waits for an operator; a summary where its workflow cannot answer. */
export interface ParkedOrder {
  readonly order: OrderView | OrderSummary;
  /** See `OrderPageModel.actionId`. */
  readonly actionId: string;
}

/** What waits for an operator, each with its buttons; `total` counts those that are not shown too. */
export function renderInbox(parked: readonly ParkedOrder[], total = 0): Html | false {
  if (parked.length === 0) return false;
  const more = total - parked.length;
  return html`<section class="card attention" aria-labelledby="attention-title">
    <h2 id="attention-title">Needs attention</h2>
    <p class="quiet">
      Retry once the cause is gone. Skip only what was settled by other means: it is given up for good.
    </p>
    ${parked.map(cases)}
    ${
      more > 0 &&
      html`<p>
        <a href="${PATHS.list({ status: 'needs_attention' })}">${countText(more, 'more order')} waiting</a>
      </p>`
    }
  </section>`;
}

function cases({ order, actionId }: ParkedOrder): Content {
  const { orderId } = order;
  const link = html`<a href="${PATHS.order(orderId)}"><bdi>${orderId}</bdi></a>`;
  if (!isWholeOrder(order)) {
    return html`<div class="case">
      <h3>${link}</h3>
      <p>No worker answers for this order at the moment, so it cannot be decided here.</p>
    </div>`;
  }
  return waitingCompensations(order).map(
    (compensation: CompensationView) =>
      html`<div class="case">
        <h3>${titleOf(compensation.step)} of ${link}</h3>
        <p>
          ${foreign(compensation.error ?? 'No reason was given.')}
          <span class="quiet">Since ${dateTime(compensation.endedAt ?? order.updatedAt)} UTC</span>
        </p>
        ${renderDecisionForm(orderId, compensation, actionId)}
      </div>`,
  );
}

import { dateTime } from './format';
import { html } from './html';
import type { Html } from './html';
import { renderDocument, renderNotice } from './layout';
import { isCancellable, isWholeOrder, waitingCompensations } from './order-page-model';
import type { OrderPageModel } from './order-page-model';
import { renderCancelForm, renderDecisionForm } from './operator-forms';
import { renderFacts } from './order-facts';
import { renderVerdict } from './order-verdict';
import { PATHS } from './paths';
import { renderTimeline } from './timeline';
import { renderWaterfall } from './waterfall';
import { foreign, titleOf } from './words';

/** The page of one order, whole. */
export function renderOrderPage(model: OrderPageModel): string {
  const { orderId } = model.order;
  return renderDocument({
    title: `Order ${orderId}`,
    main: orderMain(model),
    events: model.live ? PATHS.events(orderId) : undefined,
  });
}

/** The inside of the page's `<main>`: what an `order` event of its stream carries. */
export function renderOrderMain(model: OrderPageModel): string {
  return orderMain(model).toString();
}

function orderMain(model: OrderPageModel): Html {
  const { order, now } = model;
  return html`<div class="above">
      <nav aria-label="Breadcrumb"><a id="all-orders" href="${PATHS.home}">← All orders</a></nav>
      ${freshness(model)}
    </div>
    ${renderNotice(model.notice)} ${renderVerdict(order)} ${attention(model)} ${renderFacts(model)}
    ${isWholeOrder(order) && renderTimeline(order, now)} ${renderWaterfall(model)}
    ${isCancellable(order) && renderCancelForm(order.orderId)}`;
}

/** How old what is shown is; the script says whether the page follows the order, and without it nothing does. */
function freshness({ now, live }: OrderPageModel): Html {
  return html`<p class="freshness">
    As of ${dateTime(now.toISOString())} UTC
    ${
      live &&
      html`<span class="live live-open">Live</span>
        <span class="live live-lost">Connection lost, trying again</span>
        <span class="live-not">· Reload to see what has happened since</span>`
    }
  </p>`;
}

/** The decisions that an operator has to take, first of all. */
function attention({ order, actionId }: OrderPageModel): Html | undefined {
  const waiting = waitingCompensations(order);
  if (waiting.length === 0) return undefined;
  return html`<section class="card attention" aria-labelledby="attention-title">
    <h2 id="attention-title">Your decision</h2>
    <p class="quiet">
      Retry once the cause is gone. Skip only what was settled by other means: it is given up for good.
    </p>
    ${waiting.map(
      (compensation) =>
        html`<div class="case">
          <h3>${titleOf(compensation.step)}</h3>
          <p>${foreign(compensation.error ?? 'No reason was given.')}</p>
          ${renderDecisionForm(order.orderId, compensation, actionId)}
        </div>`,
    )}
  </section>`;
}

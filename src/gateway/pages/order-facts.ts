import { formatMoney } from '../../domain/money';
import type { OrderItem, OrderView } from '../../domain/order';
import { isFinal } from '../../domain/order';
import { agoText, countText, dateTime, durationText } from './format';
import { html } from './html';
import type { Content, Html } from './html';
import { isWholeOrder } from './order-page-model';
import type { OrderPageModel } from './order-page-model';
import { PATHS } from './paths';

/** More items than these are folded away. */
const ITEMS_SHOWN = 6;

/** What the order is about, and every id by which it is found elsewhere. */
export function renderFacts(model: OrderPageModel): Html {
  const { orderId } = model.order;
  return html`<section class="card facts" aria-labelledby="facts-title">
    <h2 id="facts-title">Facts</h2>
    <dl>${factsOf(model).map(([name, value]) => value !== undefined && fact(name, value))}</dl>
    <p class="links">
      <a id="order-json" href="${PATHS.orderJson(orderId)}">Order as JSON</a>
      <a id="trace-json" href="${PATHS.trace(orderId)}">Trace as JSON</a>
    </p>
  </section>`;
}

function factsOf({ order, now }: OrderPageModel): readonly (readonly [name: string, value: Content])[] {
  const { items, updatedAt, paymentId, shipmentId }: Partial<OrderView> = isWholeOrder(order) ? order : {};
  const endedAt = isWholeOrder(order) ? isFinal(order.status) && order.updatedAt : order.closedAt;
  const { customerId, amount, transaction, createdAt, traceId, workflowId, runId } = order;
  return [
    ['Customer', customer(customerId)],
    ['Items', items && itemList(items)],
    ['Amount', amount && html`<strong>${formatMoney(amount)}</strong>`],
    ['Created', moment(createdAt, now)],
    ['Updated', updatedAt && moment(updatedAt, now)],
    ['Closed', isWholeOrder(order) ? undefined : order.closedAt && moment(order.closedAt, now)],
    ['Took', endedAt ? durationText(Date.parse(endedAt) - Date.parse(createdAt)) : undefined],
    ['Transaction', transaction === 'tcc' ? 'TCC (try, confirm, cancel)' : 'Saga'],
    ['Payment', paymentId && id(paymentId)],
    ['Shipment', shipmentId && id(shipmentId)],
    ['Trace id', traceId && id(traceId)],
    ['Workflow id', id(workflowId)],
    ['Run id', id(runId)],
  ];
}

function fact(name: string, value: Content): Html {
  return html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`;
}

function customer(customerId: string): Html {
  return html`<a id="customer" href="${PATHS.list({ customerId })}"><bdi>${customerId}</bdi></a>`;
}

function id(value: string): Html {
  return html`<code class="id">${value}</code>`;
}

function moment(iso: string, now: Date): Html {
  return html`${dateTime(iso)} <span class="quiet">${agoText(iso, now)}</span>`;
}

function itemList(ordered: readonly OrderItem[]): Html {
  const list = html`<ul class="items">
    ${ordered.map(
      ({ sku, quantity }) => html`<li><span class="quantity">${quantity} ×</span> <bdi>${sku}</bdi></li>`,
    )}
  </ul>`;
  if (ordered.length <= ITEMS_SHOWN) return list;
  const pieces = ordered.reduce((sum, { quantity }) => sum + quantity, 0);
  return html`<details id="items">
    <summary id="items-summary">${countText(ordered.length, 'item')}, ${countText(pieces, 'piece')}</summary>
    ${list}
  </details>`;
}

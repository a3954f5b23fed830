import { formatMoney } from '../../domain/money';
import type { OrderSummary } from '../../orders/order-summary';
import { dateTime } from './format';
import { html } from './html';
import type { Html } from './html';
import { PATHS } from './paths';
import { badge, lookOfOrder } from './words';

/** Orders as a table. Narrow screens stack its cells, so its roles are written out: a grid would lose them. */
export function renderOrderTable(orders: readonly OrderSummary[]): Html {
  if (orders.length === 0) return html`<p class="empty">No order matches.</p>`;
  return html`<table class="orders" role="table">
    <caption class="for-screen-readers">
      Orders, newest first
    </caption>
    <thead role="rowgroup">
      <tr role="row">
        <th role="columnheader" scope="col">Order</th>
        <th role="columnheader" scope="col">State</th>
        <th role="columnheader" scope="col">Customer</th>
        <th role="columnheader" scope="col" class="number">Amount</th>
        <th role="columnheader" scope="col">Created (UTC)</th>
      </tr>
    </thead>
    <tbody role="rowgroup">
      ${orders.map(row)}
    </tbody>
  </table>`;
}

function row(order: OrderSummary): Html {
  const { orderId, customerId, amount, createdAt } = order;
  return html`<tr role="row">
    <th role="rowheader" scope="row">
      <a href="${PATHS.order(orderId)}"><bdi>${orderId}</bdi></a>
    </th>
    <td role="cell">${badge(lookOfOrder(order))}</td>
    <td role="cell">
      <a class="plain" href="${PATHS.list({ customerId })}"><bdi>${customerId}</bdi></a>
    </td>
    <td role="cell" class="number">${amount !== undefined && formatMoney(amount)}</td>
    <td role="cell" class="when">${dateTime(createdAt)}</td>
  </tr>`;
}

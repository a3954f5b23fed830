import type { OrderStatus } from '../../domain/order';
import { ORDER_STATUSES } from '../../domain/order';
import type { OrderPage } from '../../orders/order-list';
import type { OrderFilter } from '../../orders/visibility-query';
import { dateTime } from './format';
import { html } from './html';
import type { Html } from './html';
import { icon } from './icons';
import { renderInbox } from './inbox';
import type { ParkedOrder } from './inbox';
import { renderDocument, renderNotice } from './layout';
import { renderOrderTable } from './order-table';
import { PATHS } from './paths';
import { lookOfStatus } from './words';

/** Everything that the index of orders shows. */
export interface IndexPageModel {
  /** How many orders are in each state, of the customer of `filter` if it names one; a missing state has none. */
  readonly counts: Readonly<Partial<Record<OrderStatus, number>>>;
  readonly filter: OrderFilter;
  /** The orders that match `filter`, newest first. */
  readonly page: OrderPage;
  /** The cursor that `page` was asked for with; absent on the first one. */
  readonly cursor?: string | undefined;
  /** What waits for an operator: all of it, or the first few. */
  readonly attention: readonly ParkedOrder[];
  readonly now: Date;
  /** What came of the reader's last action. */
  readonly notice?: string | undefined;
}

/** The index of orders, whole: what needs attention, how many are in each state, and the newest. */
export function renderIndexPage(model: IndexPageModel): string {
  return renderDocument({
    title: 'Orders',
    main: html`<div class="above">
        <h1>Orders</h1>
        <p class="freshness">As of ${dateTime(model.now.toISOString())} UTC</p>
      </div>
      ${renderNotice(model.notice)}${counts(model)}${renderInbox(model.attention, model.counts.needs_attention)}
      <section class="card" aria-labelledby="list-title">
        <h2 id="list-title">${listTitle(model.filter)}</h2>
        ${filterForm(model.filter)} ${renderOrderTable(model.page.orders)} ${pager(model)}
      </section>`,
  });
}

function counts({ counts: numbers, filter: { status, customerId } }: IndexPageModel): Html {
  const total = ORDER_STATUSES.reduce((sum, each) => sum + (numbers[each] ?? 0), 0);
  return html`<nav class="counts" aria-label="Orders by state">
    <ul>
      <li>
        <a href="${PATHS.list({ customerId })}" ${status === undefined && html`aria-current="page"`}>
          <span class="count">${total.toLocaleString('en-US')}</span>
          <span class="count-name">All</span>
        </a>
      </li>
      ${ORDER_STATUSES.map((each) => {
        const look = lookOfStatus(each);
        const count = numbers[each] ?? 0;
        return html`<li class="tone-${count === 0 ? 'quiet' : look.tone}">
          <a
            href="${PATHS.list({ status: each, customerId })}"
            ${status === each && html`aria-current="page"`}
          >
            <span class="count">${count.toLocaleString('en-US')}</span>
            <span class="count-name">${icon(look.icon)}${look.word}</span>
          </a>
        </li>`;
      })}
    </ul>
  </nav>`;
}

function listTitle({ status, customerId }: OrderFilter): Html {
  const which = status === undefined ? 'Newest orders' : `Orders: ${lookOfStatus(status).word.toLowerCase()}`;
  return html`${which}${customerId !== undefined && html` of <bdi>${customerId}</bdi>`}`;
}

function filterForm({ status, customerId }: OrderFilter): Html {
  return html`<form class="filter" method="get" action="${PATHS.home}" role="search" aria-label="Orders">
    <div class="field">
      <label for="filter-status">State</label>
      <select id="filter-status" name="status">
        <option value="">Any</option>
        ${ORDER_STATUSES.map(
          (each) =>
            html`<option value="${each}" ${each === status && html`selected`}>
              ${lookOfStatus(each).word}
            </option>`,
        )}
      </select>
    </div>
    <div class="field">
      <label for="filter-customer">Customer</label>
      <input
        id="filter-customer"
        name="customerId"
        type="text"
        maxlength="64"
        autocomplete="off"
        spellcheck="false"
        value="${customerId}"
      />
    </div>
    <div class="buttons">
      <button type="submit">Filter</button>
      ${(status !== undefined || customerId !== undefined) && html`<a href="${PATHS.home}">Clear</a>`}
    </div>
  </form>`;
}

function pager({ filter, cursor, page: { nextCursor } }: IndexPageModel): Html | false {
  if (cursor === undefined && nextCursor === undefined) return false;
  return html`<nav class="pager" aria-label="Pages">
    ${cursor !== undefined && html`<a href="${PATHS.list(filter)}">Newest</a>`}
    ${
      nextCursor !== undefined &&
      html`<a class="older" rel="next" href="${PATHS.list({ ...filter, cursor: nextCursor })}"
        >Older orders</a
      >`
    }
  </nav>`;
}

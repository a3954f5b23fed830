import { formatMoney } from '../domain/money';
import type { AuditReport } from '../orders/audit/report';
import type { Colours } from './output';
import { printable } from './output';
import { titleOf } from './render-order';
import { itemsText } from './render-plan';
import { renderTable } from './table';

interface Screen {
  readonly colours: Colours;
  readonly width?: number | undefined;
}

/** The balance of stock and money, and everything that is wrong with it, for people. */
export function renderAudit(report: AuditReport, screen: Screen): string {
  const { colours } = screen;
  const stock = report.stock.map(({ sku, seeded, free, reserved, sold }) => [
    sku,
    ...[seeded, free, reserved, sold].map(String),
  ]);
  const money = report.currencies.map(({ currency, ...totals }) => [
    currency,
    ...[totals.charged, totals.refunded, totals.held, totals.captured].map((value) =>
      formatMoney({ value, currency }),
    ),
  ]);
  const orders = Object.entries(report.orders).map(([status, n]) => [status, String(n)]);
  return [
    section(
      'Stock',
      renderTable(['SKU', 'SEEDED', 'FREE', 'RESERVED', 'SOLD'], stock, { ...screen, numbers: [1, 2, 3, 4] }),
      colours,
    ),
    section(
      'Money',
      money.length === 0
        ? 'none was taken'
        : renderTable(['', 'CHARGED', 'REFUNDED', 'HELD', 'CAPTURED'], money, {
            ...screen,
            numbers: [1, 2, 3, 4],
          }),
      colours,
    ),
    section(
      'Orders',
      orders.length === 0 ? 'none' : renderTable(['STATUS', 'ORDERS'], orders, { ...screen, numbers: [1] }),
      colours,
    ),
    ...(report.debts.length === 0 ? [] : [section('Given up by operators', debts(report), colours)]),
    ...report.unchecked.map((sku) =>
      colours.yellow(
        `${sku} was sold too busily to compare its stock with its reservations: audit again later`,
      ),
    ),
    verdict(report, colours),
  ].join('\n\n');
}

function section(title: string, body: string, colours: Colours): string {
  return `${colours.bold(title)}\n${body}`;
}

function debts({ debts: owed }: AuditReport): string {
  return owed
    .map(({ orderId, step, amount, items = [], skippedBy, reason }) => {
      const left = amount === undefined ? itemsText(items) : formatMoney(amount);
      const what = left === '' ? titleOf(step) : `${titleOf(step)} of ${left}`;
      return `${orderId}: ${what}, by ${printable(skippedBy)}: ${printable(reason)}`;
    })
    .join('\n');
}

function verdict({ ok, violations }: AuditReport, colours: Colours): string {
  if (ok) return colours.green('Stock, money and orders agree.');
  const lines = violations.map(({ orderId, rule, detail }) =>
    colours.red(
      `${rule}: ${orderId === undefined ? '' : `order ${printable(orderId)}: `}${printable(detail)}`,
    ),
  );
  return [colours.red(colours.bold(`${String(violations.length)} violated:`)), ...lines].join('\n');
}

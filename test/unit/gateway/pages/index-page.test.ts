import { describe, expect, it } from '@jest/globals';
import { renderErrorPage, renderIndexPage } from '../../../../src/gateway/pages';
import type { IndexPageModel, ParkedOrder } from '../../../../src/gateway/pages';
import { attribute, elementsBelow, hasClass, only, parsePage, textOf } from './parsed';
import { NO_WORKER, PARKED, indexModel } from './samples';

function indexOf(changes: Partial<IndexPageModel> = {}) {
  const { elements } = parsePage(renderIndexPage(indexModel(changes)));
  const links = elements.filter(({ tagName }) => tagName === 'a');
  return {
    elements,
    links: links.map((link) => [textOf(link), attribute(link, 'href')]),
    current: links.filter((link) => attribute(link, 'aria-current') === 'page').map(textOf),
    forms: elements.filter(({ tagName }) => tagName === 'form'),
    main: textOf(only(elements, ({ tagName }) => tagName === 'main')),
  };
}

describe('the index', () => {
  it('counts the orders by state, each count a link to them', () => {
    const { links, current } = indexOf();
    expect(links).toEqual(
      expect.arrayContaining([
        ['1,237 All', '/'],
        ['0 Running', '/?status=running'],
        ['1,234 Completed', '/?status=completed'],
        ['2 Failed', '/?status=failed'],
        ['1 Needs attention', '/?status=needs_attention'],
      ]),
    );
    expect(current).toEqual(['1,237 All']);
  });

  it('lists orders with state, customer, amount and time, interrupted ones as such', () => {
    const { elements } = indexOf();
    const rows = elements.filter(({ tagName }) => tagName === 'tr').map(textOf);
    expect(rows).toEqual([
      'Order State Customer Amount Created (UTC)',
      'o-1 Running cus_1 59.98 EUR 2026-01-01 00:00:00',
      'o-1 Interrupted cus_1 59.98 EUR 2026-01-01 00:00:00',
      'o-1 Completed cus_1 59.98 EUR 2026-01-01 00:00:00',
    ]);
  });

  it('keeps the filter in its form, its counts and its next page', () => {
    const { elements, links, current, main } = indexOf({
      filter: { status: 'failed', customerId: 'cus_1' },
      page: { orders: [NO_WORKER], nextCursor: 'a+b/c=' },
      cursor: 'first',
    });
    const selected = only(elements, ({ attrs }) => attrs.some(({ name }) => name === 'selected'));
    expect(attribute(selected, 'value')).toBe('failed');
    expect(
      attribute(
        only(elements, (each) => attribute(each, 'id') === 'filter-customer'),
        'value',
      ),
    ).toBe('cus_1');
    expect(links).toEqual(
      expect.arrayContaining([
        ['Older orders', '/?status=failed&customerId=cus_1&cursor=a%2Bb%2Fc%3D'],
        ['Newest', '/?status=failed&customerId=cus_1'],
        ['0 Running', '/?status=running&customerId=cus_1'],
        ['Clear', '/'],
      ]),
    );
    expect(current).toEqual(['2 Failed']);
    expect(main).toContain('Orders: failed of cus_1');
  });

  it('has no pages where all is on one, and says when nothing matches', () => {
    const { links, main } = indexOf({ page: { orders: [] } });
    expect(links.filter(([text]) => text === 'Older orders' || text === 'Newest')).toEqual([]);
    expect(main).toContain('No order matches.');
  });
});

describe('the inbox', () => {
  it('has the buttons for everything that waits', () => {
    const { forms, main } = indexOf();
    const decision = only(forms, (form) => hasClass(form, 'decision'));
    expect(attribute(decision, 'action')).toBe('/orders/o-1/compensations/refund_payment/retry');
    const inputs = elementsBelow(decision).filter(({ tagName }) => tagName === 'input');
    expect(inputs.map((input) => attribute(input, 'name'))).toEqual(['actionId', 'by', 'reason']);
    expect(attribute(inputs[0]!, 'value')).toBe('act-7');
    expect(main).toContain('Refund Payment of o-1 no refunds Since 2026-01-01 00:00:01 UTC');
  });

  it('is not there when nothing waits, and links to what it does not show', () => {
    expect(indexOf({ attention: [] }).main).not.toContain('Skip only');
    const { links } = indexOf({ counts: { needs_attention: 31 } });
    expect(links).toContainEqual(['30 more orders waiting', '/?status=needs_attention']);
  });

  it('shows an order whose workflow cannot answer, without buttons', () => {
    const { forms, main } = indexOf({
      attention: [{ order: { ...NO_WORKER, status: 'needs_attention' }, actionId: 'a' }],
    });
    expect(forms.filter((form) => hasClass(form, 'decision'))).toEqual([]);
    expect(main).toContain('o-1 No worker answers');
  });

  it('tells the fields of two orders apart', () => {
    const { elements } = indexOf({
      attention: ['o-1', 'o-2'].map((orderId): ParkedOrder => ({
        order: { ...PARKED, orderId },
        actionId: orderId,
      })),
    });
    const ids = elements.flatMap((element) => attribute(element, 'id') ?? []);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('the page of an error', () => {
  it('says what, why and where to go on', () => {
    const { elements } = parsePage(
      renderErrorPage({
        status: 400,
        title: 'The request is invalid',
        detail: 'Two fields are wrong',
        code: 'invalid_request',
        orderId: 'o-1',
        errors: [{ field: 'reason', message: 'must be 1 to 500 characters of text' }],
      }),
    );
    expect(textOf(only(elements, ({ tagName }) => tagName === 'main'))).toBe(
      '400 The request is invalid Two fields are wrong reason must be 1 to 500 characters of text Code invalid_request Order o-1 All orders',
    );
    expect(textOf(only(elements, ({ tagName }) => tagName === 'h1'))).toBe('The request is invalid');
  });
});

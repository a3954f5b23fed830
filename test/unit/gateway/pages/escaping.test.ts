import { describe, expect, it } from '@jest/globals';
import { renderErrorPage, renderIndexPage, renderOrderPage } from '../../../../src/gateway/pages';
import type { ErrorPageProblem } from '../../../../src/gateway/pages';
import { parsePage, shapeOfPage, textOf } from './parsed';
import { ORDER_MODELS, indexModel } from './samples';

const HOSTILE = `'"><script>alert(1)</script><img src=x onerror="alert(1)">&lt;</title></main>\u202e`;
const HARMLESS = 'harmless';

/** What is not free text: a closed set of words, numbers written as strings, and ids that spans refer to. */
const CLOSED: ReadonlySet<string> = new Set([
  'status',
  'state',
  'transaction',
  'interrupted',
  'kind',
  'currency',
  'startTimeUnixNano',
  'endTimeUnixNano',
  'spanId',
  'parentSpanId',
]);

/** `value` with `text` in place of every free text, however deep. */
function withText(value: unknown, text: string, key = ''): unknown {
  if (typeof value === 'string') return CLOSED.has(key) ? value : text;
  if (value instanceof Date || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((each) => withText(each, text, key));
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      name,
      isClosed(key, name) ? each : withText(each, text, name),
    ]),
  );
}

/** What makes a span one of the business's, and one that failed. */
function isClosed(owner: string, name: string): boolean {
  return (owner === 'spans' && name === 'attributes') || (owner === 'status' && name === 'code');
}

/** Renders the page twice; nothing but texts and values may differ. */
function expectSameShape<Model>(render: (model: Model) => string, model: Model, changed = model): void {
  const hostile = render(withText(changed, HOSTILE) as Model);
  const harmless = render(withText(changed, HARMLESS) as Model);
  expect(harmless).toContain(HARMLESS);
  expect(shapeOfPage(hostile)).toBe(shapeOfPage(harmless));
  const { errors, elements } = parsePage(hostile);
  expect(errors).toEqual([]);
  expect(elements.some((element) => textOf(element).includes('<script>alert(1)</script>'))).toBe(true);
}

describe('no value becomes markup, whatever field it comes in', () => {
  it.each(Object.entries(ORDER_MODELS))('on the page of an order: %s', (_, model) => {
    expectSameShape(renderOrderPage, model);
  });

  it('on the index', () => {
    expectSameShape(renderIndexPage, indexModel({ cursor: 'c', notice: 'n', filter: { customerId: 'c' } }));
  });

  it('on the page of an error', () => {
    const problem: ErrorPageProblem = {
      status: 400,
      title: 't',
      detail: 'd',
      code: 'c',
      orderId: 'o',
      traceId: 't',
      errors: [{ field: 'f', message: 'm' }],
    };
    expectSameShape(renderErrorPage, problem);
  });
});

describe('an id that is not one of ours', () => {
  it('stays one segment of the addresses made of it', () => {
    const model = ORDER_MODELS['parked']!;
    const markup = renderOrderPage({ ...model, order: { ...model.order, orderId: '../x?y#z' } });
    expect(markup).toContain('action="/orders/..%2Fx%3Fy%23z/compensations/refund_payment/retry"');
  });
});

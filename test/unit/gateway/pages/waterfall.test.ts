import { describe, expect, it } from '@jest/globals';
import { renderOrderMain } from '../../../../src/gateway/pages';
import type { OrderPageModel } from '../../../../src/gateway/pages';
import type { StoredSpan } from '../../../../src/telemetry/stored-span';
import { attribute, elementsBelow, hasClass, only, parseMain, textOf } from './parsed';
import type { Element } from './parsed';
import {
  DECLINED,
  INTERRUPTED,
  NOW,
  PARKED,
  RUNNING,
  declinedTrace,
  orderModel,
  parkedTrace,
} from './samples';

function drawn(model: OrderPageModel) {
  const { elements } = parseMain(renderOrderMain(model));
  const withClass = (name: string) => elements.filter((element) => hasClass(element, name));
  const plot = only(elements, (element) => hasClass(element, 'wf-plot'));
  const rows = elementsBelow(plot).filter((element) => hasClass(element, 'wf-row'));
  return {
    names: withClass('wf-name').map(textOf),
    rows,
    rowOf: (spanId: string) => only(rows, (row) => attribute(row, 'data-span') === spanId),
    links: elementsBelow(plot).filter((element) => hasClass(element, 'wf-link')),
    description: textOf(only(elementsBelow(plot), ({ tagName }) => tagName === 'desc')),
    legend: withClass('legend').map(textOf),
  };
}

/** Where a row's bar is: percent of the plot. */
function barOf(row: Element) {
  const bar = only(elementsBelow(row), (element) => hasClass(element, 'wf-bar'));
  const percent = (name: string) => parseFloat(attribute(bar, name) ?? '');
  const [left, width, top, height] = [percent('x'), percent('width'), percent('y'), percent('height')];
  return {
    left,
    right: left + width,
    middleX: left + width / 2,
    top,
    bottom: top + height,
    middleY: top + height / 2,
  };
}

/** Both ends of a curve: percent of the plot, whose canvas has a side of 1000. */
function endsOf(link: Element) {
  const numbers = (attribute(link, 'd') ?? '').match(/-?[\d.]+/g)?.map((number) => Number(number) / 10) ?? [];
  const [fromX, fromY, , , , , toX, toY] = numbers;
  return { from: { x: fromX!, y: fromY! }, to: { x: toX!, y: toY! } };
}

const parked = () => drawn(orderModel(PARKED, { spans: parkedTrace() }));

describe('the waterfall', () => {
  it('has a row for each business span, in words too', () => {
    const { names, rows } = drawn(orderModel(DECLINED));
    expect(names).toEqual([
      'Saga: Create Order failed · 120 ms , begins 0 ms after the start',
      'Create Order done · 20 ms , begins 0 ms after the start',
      'Reserve Inventory done · 20 ms , begins 20 ms after the start',
      'Process Payment failed · 20 ms , begins 40 ms after the start',
      'Release Inventory done · 20 ms Compensation, begins 60 ms after the start, undoes Reserve Inventory',
      'Cancel Order done · 20 ms Compensation, begins 80 ms after the start, undoes Create Order',
    ]);
    expect(rows.map((row) => attribute(row, 'data-span'))).toEqual(['saga', 's1', 's2', 's3', 'c2', 'c1']);
  });

  it('draws each compensation as a curve from its own bar to that of the step it undoes', () => {
    const { links, rowOf } = parked();
    const pairs = links.map((link) => [attribute(link, 'data-from'), attribute(link, 'data-to')]);
    expect(pairs).toEqual([
      ['c3', 's3'],
      ['c2', 's2'],
      ['c1', 's1'],
      ['c3b', 's3'],
    ]);
    for (const [index, [from, to]] of pairs.entries()) {
      const [start, end] = [barOf(rowOf(from!)), barOf(rowOf(to!))];
      const ends = endsOf(links[index]!);
      expect(ends.from.x).toBeCloseTo(start.left, 0);
      expect(ends.from.y).toBeCloseTo(start.middleY, 0);
      expect(ends.to.x).toBeCloseTo(end.middleX, 0);
      expect(ends.to.y).toBeCloseTo(end.bottom, 0);
    }
  });

  it('says in words what the curves say', () => {
    expect(parked().description).toContain(
      'Refund Payment undoes Process Payment; Release Inventory undoes Reserve Inventory; Cancel Order undoes Create Order; Refund Payment, round 2 undoes Process Payment.',
    );
  });

  it('places bars in time', () => {
    const { rowOf } = drawn(orderModel(DECLINED));
    const [saga, pay] = [barOf(rowOf('saga')), barOf(rowOf('s3'))];
    expect([saga.left, saga.right]).toEqual([0, 100]);
    expect(pay.left).toBeCloseTo((40 / 120) * 100, 1);
    expect(pay.right).toBeCloseTo((60 / 120) * 100, 1);
  });

  it('marks states by more than a colour', () => {
    const { rowOf, legend } = parked();
    const marks = (row: Element) =>
      elementsBelow(only(elementsBelow(row), (each) => hasClass(each, 'wf-mark')));
    expect(marks(rowOf('s1'))).toHaveLength(0);
    expect(marks(rowOf('c3'))).toHaveLength(1);
    expect(marks(rowOf('saga'))).toHaveLength(1);
    expect(legend).toEqual(['done compensation failed still running undoes pause, cut short']);
  });

  it('lets what still runs last until now', () => {
    expect(parked().names[0]).toMatch(/^Saga: Create Order running · \d+ d \d+ h/);
    const over = drawn(orderModel(INTERRUPTED, { spans: parkedTrace() }));
    expect(over.names[0]).toMatch(/^Saga: Create Order no end recorded · 370 ms/);
  });

  it('leaves out the orders that are in the same trace', () => {
    const own = declinedTrace().map((span): StoredSpan =>
      span.spanId === 'root' ? { ...span, parentSpanId: 'caller' } : span,
    );
    const theirs = own.map((span): StoredSpan => ({
      ...span,
      spanId: `x-${span.spanId}`,
      ...(span.parentSpanId !== undefined && { parentSpanId: `x-${span.parentSpanId}` }),
      attributes: Object.fromEntries(
        Object.entries(span.attributes).map(([name, value]) => [
          name,
          value === 'o-1' ? 'o-2' : value === 'order-o-1' ? 'order-o-2' : value,
        ]),
      ),
    }));
    expect(drawn(orderModel(DECLINED, { spans: [...own, ...theirs] })).rows).toHaveLength(6);
  });

  it('says which spans were concluded and not measured', () => {
    const spans = declinedTrace().map((span) =>
      span.spanId === 's2'
        ? { ...span, attributes: { ...span.attributes, 'saga.reconstructed': true } }
        : span,
    );
    expect(drawn(orderModel(DECLINED, { spans })).names[2]).toContain('20 ms · reconstructed');
  });

  it('draws a TCC transaction as well, with what its phases are linked to', () => {
    const base = declinedTrace().find(({ spanId }) => spanId === 's1')!;
    const tcc = (spanId: string, name: string, changes: Partial<StoredSpan> = {}): StoredSpan => ({
      ...base,
      attributes: { 'tcc.id': 'run-1', 'order.id': 'o-1' },
      spanId,
      name,
      parentSpanId: 'tcc',
      ...changes,
    });
    const { names, links } = drawn(
      orderModel(RUNNING, {
        now: NOW,
        spans: [
          tcc('tcc', 'TCC Transaction', { parentSpanId: 'run' }),
          tcc('try', 'TCC Phase: Try'),
          tcc('confirm', 'TCC Phase: Confirm', { links: [{ traceId: 't', spanId: 'try' }] }),
        ],
      }),
    );
    expect(names[2]).toMatch(/^TCC Phase: Confirm done .* linked to TCC Phase: Try$/);
    expect(links.map((link) => [attribute(link, 'data-from'), attribute(link, 'data-to')])).toEqual([
      ['confirm', 'try'],
    ]);
  });
});

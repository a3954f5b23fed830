import { describe, expect, it } from '@jest/globals';
import { PAGE_ASSETS, renderOrderPage } from '../../../../src/gateway/pages';
import type { OrderPageModel } from '../../../../src/gateway/pages';
import type { Element } from './parsed';
import { attribute, elementsBelow, hasClass, only, parsePage, textOf } from './parsed';
import {
  COMPLETED,
  DECLINED,
  ORDER_MODELS,
  PARKED,
  RUNNING,
  orderModel,
  parkedTrace,
  traceId,
} from './samples';

function pageOf(model: OrderPageModel) {
  const { elements } = parsePage(renderOrderPage(model));
  const withClass = (name: string) => elements.filter((element) => hasClass(element, name));
  return {
    elements,
    main: textOf(only(elements, ({ tagName }) => tagName === 'main')),
    verdict: textOf(withClass('verdict')[0]!),
    entries: withClass('entry').map(textOf),
    forms: elements.filter(({ tagName }) => tagName === 'form'),
  };
}

const page = (name: string) => pageOf(ORDER_MODELS[name]!);

describe('the verdict', () => {
  it.each([
    ['completed', 'Order o-1 Completed All 4 steps are done.'],
    ['running', 'Order o-1 Running Step 2 of 4 is under way: Reserve Inventory.'],
    [
      'compensating',
      'Order o-1 Compensating The payment was declined declined · at step 3, Process Payment · payment_declined What had been done is being undone. Under way: Release Inventory.',
    ],
    [
      'declined',
      'Order o-1 Failed The payment was declined declined · at step 3, Process Payment · payment_declined Everything that had been done was undone.',
    ],
    [
      'parked',
      'Order o-1 Needs attention Refund Payment could not be finished and waits for an operator. The order itself failed: No carrier delivers there no carrier · at step 4, Create Shipment · shipping_unavailable',
    ],
    [
      'skipped',
      'Order o-1 Failed No carrier delivers there no carrier · at step 4, Create Shipment · shipping_unavailable Refund Payment was given up by dana. Everything else was undone.',
    ],
    [
      'cancelled',
      'Order o-1 Cancelled Cancelled by cus_1: changed my mind Everything that had been done was undone.',
    ],
    [
      'interrupted',
      'Order o-1 Interrupted Its workflow was terminated from outside. It had come to “running”. The guardian undoes what it had done, within a minute where it is on; orders audit says what still stands.',
    ],
    [
      'without a worker',
      'Order o-1 Running No worker answers for this order at the moment, so its steps cannot be shown: this is what Temporal itself knows. The order is safe and goes on as soon as a worker runs.',
    ],
  ])('of an order that is %s', (name, words) => {
    expect(page(name).verdict).toBe(words);
  });

  it('does not say the same twice', () => {
    const failure = { ...DECLINED.failure!, message: 'The payment was declined: card declined' };
    expect(pageOf(orderModel({ ...DECLINED, failure })).verdict).toContain(
      'Failed The payment was declined: card declined at step 3',
    );
  });

  it('says so when nothing had been done', () => {
    expect(pageOf(orderModel({ ...DECLINED, compensations: [] })).verdict).toContain('nothing to undo');
  });
});

describe('the facts', () => {
  it('name everything by which the order is found elsewhere', () => {
    const { main, elements } = page('completed');
    for (const fact of [
      'Customer cus_1',
      'Items 2 × SKU-KEYBOARD',
      'Amount 59.98 EUR',
      'Payment pay_1',
      'Shipment shp_1',
      'Created 2026-01-01 00:00:00 2 min ago',
      'Took 1.00 s',
      `Trace id ${traceId}`,
      'Workflow id order-o-1',
      'Run id run-1',
    ]) {
      expect(main).toContain(fact);
    }
    const links = elements.map((element) => attribute(element, 'href'));
    expect(links).toEqual(
      expect.arrayContaining(['/orders/o-1?format=json', '/orders/o-1/trace', '/?customerId=cus_1']),
    );
  });

  it('fold a long list of items away', () => {
    const items = Array.from({ length: 100 }, (_, index) => ({ sku: `SKU-${String(index)}`, quantity: 20 }));
    const { elements, main } = pageOf(orderModel({ ...DECLINED, items }));
    expect(textOf(only(elements, ({ tagName }) => tagName === 'summary'))).toBe('100 items, 2,000 pieces');
    expect(main).toContain('SKU-99');
  });
});

describe('the timeline', () => {
  it('shows state, start, duration and attempts of each step', () => {
    expect(page('completed').entries).toEqual([
      '1 Step 1: Create Order done Started 00:00:00.000 Took 40 ms Attempts 1',
      '2 Step 2: Reserve Inventory done Started 00:00:00.100 Took 40 ms Attempts 2',
      '3 Step 3: Process Payment done Started 00:00:00.200 Took 40 ms Attempts 3',
      '4 Step 4: Create Shipment done Started 00:00:00.300 Took 40 ms Attempts 4',
    ]);
  });

  it('shows for how long the current step has been running', () => {
    expect(page('running').entries[1]).toBe(
      '2 Step 2: Reserve Inventory running Started 00:00:00.100 Running for 2 min',
    );
  });

  it('shows why a step failed, and that the next was never begun', () => {
    expect(page('declined').entries.slice(2, 4)).toEqual([
      '3 Step 3: Process Payment failed declined',
      '4 Step 4: Create Shipment not run Never begun: the order had ended before.',
    ]);
  });

  it('explains an unknown outcome', () => {
    expect(page('cancelled').entries[2]).toBe(
      '3 Step 3: Process Payment unknown cancelled while it ran Its outcome is unknown: it may have happened, so it is treated as if it had.',
    );
  });

  it('says of each compensation what it undoes', () => {
    expect(page('declined').entries.slice(4)).toEqual([
      'Release Inventory done Undoes step 2, Reserve Inventory.',
      'Cancel Order done Undoes step 1, Create Order.',
    ]);
  });

  it('says who gave a compensation up, and why', () => {
    expect(page('skipped').entries[4]).toBe(
      'Refund Payment skipped Undoes step 3, Process Payment. no refunds Given up by dana: Refunded by bank transfer',
    );
  });
});

describe('what an operator can do', () => {
  const fields = (form: Element): unknown =>
    Object.fromEntries(
      elementsBelow(form)
        .filter(({ tagName }) => tagName === 'input')
        .map((input) => [
          attribute(input, 'name'),
          attribute(input, 'value') ?? attribute(input, 'required'),
        ]),
    );

  it('retries or skips exactly what waits, once, with name and reason', () => {
    const { forms, main } = page('parked');
    expect(forms).toHaveLength(1);
    const [form] = forms;
    expect(attribute(form!, 'method')).toBe('post');
    expect(attribute(form!, 'action')).toBe('/orders/o-1/compensations/refund_payment/retry');
    expect(fields(form!)).toEqual({ actionId: 'act-1', by: '', reason: '' });
    const buttons = elementsBelow(form!).filter(({ tagName }) => tagName === 'button');
    expect(buttons.map((button) => [textOf(button), attribute(button, 'formaction')])).toEqual([
      ['Retry', undefined],
      ['Skip', '/orders/o-1/compensations/refund_payment/skip'],
    ]);
    expect(main).toContain('Refund Payment no refunds Your name');
  });

  it('offers a decision for each compensation that waits', () => {
    const compensations = PARKED.compensations.map((each) => ({ ...each, state: 'failed' as const }));
    const { forms, verdict } = pageOf(orderModel({ ...PARKED, compensations }));
    expect(forms).toHaveLength(3);
    expect(verdict).toContain(
      'Refund Payment, Release Inventory and Cancel Order could not be finished and wait for an operator.',
    );
  });

  it.each(['running', 'without a worker'])('cancels an order: %s', (name) => {
    const { forms } = page(name);
    expect(forms).toHaveLength(1);
    expect(attribute(forms[0]!, 'action')).toBe('/orders/o-1/cancel');
    expect(fields(forms[0]!)).toEqual({ by: '', reason: undefined });
  });

  it.each(['completed', 'compensating', 'declined', 'skipped', 'cancelled', 'interrupted'])(
    'offers nothing for an order: %s',
    (name) => {
      expect(page(name).forms).toEqual([]);
    },
  );
});

describe('the live page', () => {
  it('names its event stream and loads the script', () => {
    const { elements } = page('running');
    const main = only(elements, ({ tagName }) => tagName === 'main');
    expect(attribute(main, 'data-events')).toBe('/orders/o-1/events');
    const script = only(elements, ({ tagName }) => tagName === 'script');
    expect(attribute(script, 'src')).toBe(PAGE_ASSETS.script.path);
    expect(
      attribute(
        only(elements, ({ attrs }) => attrs.some(({ name }) => name === 'aria-live')),
        'id',
      ),
    ).toBe('announcer');
  });

  it('is a plain one where nothing more will happen', () => {
    const { elements } = page('completed');
    expect(elements.filter(({ tagName }) => tagName === 'script')).toEqual([]);
    expect(elements.filter((element) => attribute(element, 'data-events') !== undefined)).toEqual([]);
  });
});

it('shows a notice as a status', () => {
  const { elements } = page('parked');
  const notice = only(elements, (element) => hasClass(element, 'notice'));
  expect([attribute(notice, 'role'), textOf(notice)]).toEqual(['status', 'Retry was asked for.']);
});

it('says what is missing where there is no trace', () => {
  expect(pageOf(orderModel(COMPLETED, { spans: [] })).main).toContain('has no span of this order');
  const { traceId: _traceId, ...untraced } = ORDER_MODELS['without a worker']!.order;
  expect(pageOf(orderModel(untraced as never, { spans: [] })).main).toContain('started without a trace');
  const plumbing = parkedTrace().filter(({ spanId }) => spanId === 'root');
  expect(pageOf(orderModel(RUNNING, { spans: plumbing })).main).toContain('None of the 1 span so far');
});

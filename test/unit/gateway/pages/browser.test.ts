import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import axe from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import {
  renderErrorPage,
  renderIndexPage,
  renderOrderMain,
  renderOrderPage,
} from '../../../../src/gateway/pages';
import type { OrderPageModel } from '../../../../src/gateway/pages';
import { launchBrowser } from '../../../support/browser';
import { eventually } from '../../../support/eventually';
import { PageServer } from './page-server';
import { COMPLETED, DECLINED, ORDER_MODELS, PARKED, RUNNING, indexModel, orderModel } from './samples';

let browser: Browser;
let server: PageServer;
let closePages: (() => Promise<void>)[] = [];
/** What the pages complained about: a breach of the policy, an error in the script. */
let complaints: string[] = [];

beforeAll(async () => {
  browser = await launchBrowser();
});

afterAll(() => browser.close());

beforeEach(async () => {
  complaints = [];
  server = new PageServer();
  await server.start();
});

afterEach(async () => {
  await Promise.all(closePages.map((close) => close()));
  closePages = [];
  await server.stop();
  expect(complaints).toEqual([]);
});

async function open(markup: string, options: BrowserContextOptions = {}): Promise<Page> {
  server.pages.set('/page', markup).set('/posted', renderErrorPage({ status: 200, title: 'Posted' }));
  const context = await browser.newContext(options);
  closePages.push(() => context.close());
  const page = await context.newPage();
  page.on('console', (message) => {
    // A stream that a test has dropped is one of these too.
    if (message.type() === 'error' && !message.text().includes('ERR_')) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(`${server.url}/page`);
  return page;
}

describe('the live page', () => {
  const live = (changes: Partial<OrderPageModel>) => ({ ...orderModel(RUNNING, { live: true }), ...changes });

  /** Opened on `model`, with its stream open. */
  async function follow(model: OrderPageModel): Promise<Page> {
    const page = await open(renderOrderPage(model));
    await page.locator('main[data-connection=open]').waitFor();
    return page;
  }

  const sendMain = (model: OrderPageModel) => {
    server.send('order', { html: renderOrderMain(model) });
  };

  it('shows what an event brings, says a new status aloud once, and stops at the end', async () => {
    const page = await follow(live({}));
    await page.getByText('Live', { exact: true }).waitFor();
    sendMain(live({ order: { ...RUNNING, paymentId: 'pay_77' } }));
    await page.getByText('pay_77').waitFor();
    expect(await page.locator('#announcer').textContent()).toBe('');

    sendMain(live({ order: COMPLETED, live: false }));
    await page.getByRole('heading', { name: 'Completed' }).waitFor();
    expect(await page.locator('#announcer').textContent()).toBe('Order o-1: completed');

    server.send('end', {});
    await eventually(
      () => server.streams,
      (streams) => streams === 0,
      'the stream is closed by the page',
    );
    expect(await page.locator('main').getAttribute('data-connection')).toBeNull();
    expect(server.opened).toBe(1);
  });

  it('keeps the focus, what is typed and what is unfolded', async () => {
    const items = Array.from({ length: 9 }, (_, index) => ({ sku: `SKU-${String(index)}`, quantity: 1 }));
    const order = { ...RUNNING, items };
    const page = await follow(live({ order }));
    await page.locator('#items-summary').click();
    await page.locator('#cancel-by').fill('dana');
    await page.locator('#cancel-reason').fill('wrong address');
    await page.locator('#cancel-reason').evaluate((field) => {
      (field as unknown as { setSelectionRange: (from: number, to: number) => void }).setSelectionRange(2, 5);
    });

    sendMain(live({ order: { ...order, paymentId: 'pay_77' } }));
    await page.getByText('pay_77').waitFor();
    await page.keyboard.type('X');
    expect(await page.locator('#cancel-reason').inputValue()).toBe('wrX address');
    expect(await page.locator('#cancel-by').inputValue()).toBe('dana');
    expect(await page.getByText('SKU-8').isVisible()).toBe(true);
  });

  it('takes the action id of the newest event, not the one that was there', async () => {
    const page = await follow(live({ order: PARKED, actionId: 'act-1' }));
    await page.locator('#by-o-1-refund_payment').fill('dana');
    await page.locator('#reason-o-1-refund_payment').fill('paid back in cash');
    sendMain(live({ order: { ...PARKED, paymentId: 'pay_77' }, actionId: 'act-2' }));
    await page.getByText('pay_77').waitFor();
    await page.getByRole('button', { name: 'Skip Refund Payment' }).click();
    await page.waitForURL('**/posted');
    expect(server.posted).toEqual([
      {
        path: '/orders/o-1/compensations/refund_payment/skip',
        fields: { actionId: 'act-2', by: 'dana', reason: 'paid back in cash' },
      },
    ]);
  });

  it('puts the focus at the beginning of what is new when its element is gone', async () => {
    const page = await follow(live({}));
    await page.locator('#cancel').focus();
    sendMain(live({ order: COMPLETED }));
    await page.getByRole('heading', { name: 'Completed' }).waitFor();
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
  });

  it('says that the connection is lost, and follows again', async () => {
    const page = await follow(live({}));
    await page.route('**/events', (route) => route.abort());
    server.dropStreams();
    await page.getByText('Connection lost, trying again').waitFor();
    await page.unroute('**/events');
    await page.locator('main[data-connection=open]').waitFor();
    sendMain(live({ order: DECLINED }));
    await page.getByRole('heading', { name: 'Failed' }).waitFor();
  });

  it('says that it has to be reloaded when its stream is refused', async () => {
    server.refusesStreams = true;
    const page = await open(renderOrderPage(live({})));
    await page.getByText('Reload to see what has happened since').waitFor();
    expect(complaints.splice(0)).toEqual([expect.stringContaining('503')]);
  });
});

describe('without script', () => {
  const withoutScript = { javaScriptEnabled: false };

  it('the page reads, and says that it has to be reloaded', async () => {
    const page = await open(renderOrderPage(orderModel(RUNNING, { live: true })), withoutScript);
    await page.getByText('Step 2 of 4 is under way').waitFor();
    await page.getByText('Reload to see what has happened since').waitFor();
    expect(await page.getByText('Live', { exact: true }).isVisible()).toBe(false);
  });

  it.each([
    ['Retry', '/orders/o-1/compensations/refund_payment/retry'],
    ['Skip', '/orders/o-1/compensations/refund_payment/skip'],
  ])('an operator can decide: %s', async (button, path) => {
    const page = await open(renderOrderPage(orderModel(PARKED)), withoutScript);
    await page.getByLabel('Your name').fill('dana');
    await page.getByLabel('Reason, for the record').fill('it is "fixed"');
    await page.getByRole('button', { name: button }).click();
    await page.waitForURL('**/posted');
    expect(server.posted).toEqual([
      { path, fields: { actionId: 'act-1', by: 'dana', reason: 'it is "fixed"' } },
    ]);
  });

  it('Enter tries again and never gives up', async () => {
    const page = await open(renderOrderPage(orderModel(PARKED)), withoutScript);
    await page.getByLabel('Your name').fill('dana');
    await page.getByLabel('Reason, for the record').fill('again');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/posted');
    expect(server.posted.map(({ path }) => path)).toEqual(['/orders/o-1/compensations/refund_payment/retry']);
  });

  it('nothing is sent without a name', async () => {
    const page = await open(renderOrderPage(orderModel(RUNNING)), withoutScript);
    await page.getByRole('button', { name: 'Cancel order' }).click();
    expect(await page.locator('#cancel-by:invalid').count()).toBe(1);
    await page.locator('#cancel-by').fill('dana');
    await page.getByRole('button', { name: 'Cancel order' }).click();
    await page.waitForURL('**/posted');
    expect(server.posted).toEqual([{ path: '/orders/o-1/cancel', fields: { by: 'dana', reason: '' } }]);
  });
});

describe('in every state', () => {
  const pages = {
    ...Object.fromEntries(
      Object.entries(ORDER_MODELS).map(([name, model]) => [name, renderOrderPage(model)]),
    ),
    index: renderIndexPage(indexModel({ counts: { needs_attention: 1, running: 3, compensating: 1 } })),
    error: renderErrorPage({ status: 404, title: 'Not found', detail: 'There is no order o-1' }),
  };

  it.each(Object.entries(pages))(
    'the page is accessible, in light and dark, and fits 360 pixels: %s',
    async (_, markup) => {
      for (const colorScheme of ['light', 'dark'] as const) {
        const page = await open(markup, {
          colorScheme,
          reducedMotion: 'reduce',
          viewport: { width: 360, height: 740 },
        });
        const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
        expect(await page.evaluate(overflow)).toBe(0);
        await page.evaluate(axe.source);
        const { violations } = await page.evaluate<axe.AxeResults>('axe.run()');
        expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
      }
    },
  );

  it('an id as long as they get breaks and does not push', async () => {
    const orderId = 'x'.repeat(64);
    const long = { orderId, customerId: 'c'.repeat(64) };
    for (const markup of [
      renderOrderPage(orderModel({ ...PARKED, ...long, paymentId: 'p'.repeat(64) })),
      renderIndexPage(
        indexModel({
          attention: [{ order: { ...PARKED, ...long }, actionId: 'a' }],
          page: { orders: [{ ...RUNNING, ...long }] },
        }),
      ),
    ]) {
      const page = await open(markup, { viewport: { width: 360, height: 740 } });
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    }
  });
});

describe('by keyboard', () => {
  it('the first stop skips to the content, and every stop is seen', async () => {
    const page = await open(renderOrderPage(orderModel(PARKED)));
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    const stops: unknown[] = [];
    for (let press = 0; press < 6; press++) {
      await page.keyboard.press('Tab');
      stops.push(
        await page.evaluate(
          '[document.activeElement.id, getComputedStyle(document.activeElement).outlineStyle]',
        ),
      );
    }
    expect(stops).toEqual(
      [
        'all-orders',
        'by-o-1-refund_payment',
        'reason-o-1-refund_payment',
        'retry-o-1-refund_payment',
        'skip-o-1-refund_payment',
        'customer',
      ].map((id) => [id, 'solid']),
    );
  });
});

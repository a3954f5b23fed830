import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import type { OrderView } from '../../src/domain/order';
import { launchBrowser } from '../support/browser';
import { GatewayClient, shippedTo } from '../support/gateway-client';
import { TestStack } from '../support/stack';

/** Where pictures of the pages are kept for people; unset: none are taken. */
const PICTURES = process.env['PAGE_PICTURES'];

let stack: TestStack;
let gateway: GatewayClient;
let browser: Browser;
let complaints: string[] = [];
beforeAll(async () => {
  stack = await TestStack.start({ SAGA_STEP_MAX_ATTEMPTS: '1000' });
  gateway = new GatewayClient(`http://127.0.0.1:${String(stack.config.gateway.port)}`);
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
  await stack.stop();
});
afterEach(() => {
  const heard = complaints;
  complaints = [];
  expect(heard).toEqual([]);
});

async function visit(url: string): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(gateway.url + url);
  return page;
}

async function picture(page: Page, name: string): Promise<void> {
  if (PICTURES === undefined) return;
  mkdirSync(PICTURES, { recursive: true });
  await page.screenshot({ path: path.join(PICTURES, `${name}.png`), fullPage: true });
}

const heading = (page: Page, name: string) => page.getByRole('heading', { name }).first();

describe('the page of an order, in a browser, on the running system', () => {
  it('shows a declined order with its reason, its compensations and its trace', async () => {
    const { body } = await gateway.place({ payment: { method: 'pm_card_declined' } });
    const page = await visit(`/orders/${String(body['orderId'])}`);
    await heading(page, 'Failed').waitFor();
    const text = await page.locator('main').innerText();
    expect(text).toContain('card declined');
    expect(text).toContain(String(body['traceId']));
    for (const name of ['Create Order', 'Process Payment', 'Release Inventory', 'Cancel Order']) {
      expect(text).toContain(name);
    }
    expect(await page.locator('main svg[role=img]').count()).toBeGreaterThan(0);
    await picture(page, 'order-declined');
    await page.close();
  });

  it('follows a running order to its completion without being loaded again', async () => {
    await stack.stopPart('shipping');
    const orderId = `ord_${randomUUID()}`;
    await gateway.place({ orderId }, { prefer: 'respond-async' });
    const page = await visit(`/orders/${orderId}`);
    await page.locator('main[data-connection=open]').waitFor();
    await page.getByText('Process Payment').first().waitFor();
    await picture(page, 'order-running');
    await stack.startPart('shipping');
    await heading(page, 'Completed').waitFor({ timeout: 120_000 });
    expect((await gateway.get<OrderView>(`/orders/${orderId}`)).body.status).toBe('completed');
    await page.close();
  });

  it('lets an operator skip what a parked order waits with, from the page and from the inbox', async () => {
    const parked = async () => {
      const order = { payment: { method: 'pm_card_refund_fails' }, ...shippedTo('AQ') };
      return String((await gateway.place(order)).body['orderId']);
    };
    const skip = async (page: Page, orderId: string) => {
      await page.locator(`#by-${orderId}-refund_payment`).fill('ada');
      await page.locator(`#reason-${orderId}-refund_payment`).fill('paid back by hand');
      await page.locator(`#skip-${orderId}-refund_payment`).click();
      await page.waitForURL(`**/orders/${orderId}`);
      await heading(page, 'Failed').waitFor();
      const { body } = await gateway.get<OrderView>(`/orders/${orderId}`);
      expect(body).toMatchObject({
        status: 'failed',
        compensations: [{ state: 'skipped', skippedBy: 'ada', reason: 'paid back by hand' }, {}, {}],
      });
    };

    const first = await parked();
    const page = await visit(`/orders/${first}`);
    await heading(page, 'Needs attention').waitFor();
    await picture(page, 'order-parked');
    await skip(page, first);
    await page.close();

    const second = await parked();
    const index = await visit('/');
    // The list knows of it about a second later.
    while ((await index.locator(`#skip-${second}-refund_payment`).count()) === 0) await index.reload();
    await picture(index, 'index');
    await skip(index, second);
    await index.close();
  });
});

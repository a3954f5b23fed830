import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { trace } from '@opentelemetry/api';
import { loadConfig } from '../../../src/config/config';
import type { OrderView } from '../../../src/domain/order';
import { buildGatewayApp } from '../../../src/gateway/app';
import type { GatewayDeps } from '../../../src/gateway/gateway-deps';
import type { OrderArchive } from '../../../src/gateway/intake/archive';
import type { OrderIntake } from '../../../src/gateway/intake/order-intake';
import type { OutcomeWaits } from '../../../src/gateway/outcome-waits';
import type { HttpApp } from '../../../src/http/http-app';
import { NoWorkerError, OrderInterruptedError } from '../../../src/orders/errors';
import type { OrderClient } from '../../../src/orders/order-client';
import { TemporalUnavailableError } from '../../../src/orders/temporal-calls';
import { createLogger } from '../../../src/telemetry/logger';
import { sampleOrder } from '../../support/orders';
import { testTelemetry } from '../../support/services-telemetry';

const ORDER_WAIT_MS = 7_000;
const COMPLETED = { orderId: 'o-1', status: 'completed' } as OrderView;
const FAILED = {
  ...COMPLETED,
  status: 'failed',
  failure: { code: 'inventory_unavailable', step: 'reserve_inventory', message: 'ECONNREFUSED' },
} as OrderView;

let log: string;
let app: HttpApp;
/** How long was waited for an outcome, ms. */
let waited: number[];
let paid: () => Promise<OrderView | undefined>;
let outcome: () => Promise<OrderView | undefined>;
let keep: () => Promise<void>;
let take: () => Promise<unknown>;

beforeEach(async () => {
  log = '';
  waited = [];
  paid = () => Promise.reject(new Error('nobody asked for that'));
  outcome = () => Promise.resolve(COMPLETED);
  keep = () => Promise.resolve();
  take = () => Promise.resolve({ order: { orderId: 'o-1', status: 'running', joined: false } });
  const sink = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      log += chunk.toString();
      done();
    },
  });
  const deps: GatewayDeps = {
    config: loadConfig({ ORDER_WAIT_MS: String(ORDER_WAIT_MS) }),
    telemetry: testTelemetry(createLogger('test', 'info', sink)),
    orders: { untilPaid: () => paid() } as unknown as OrderClient,
    inventory: { name: 'inventory', url: 'http://127.0.0.1:1', tracer: trace.getTracer('test') },
    intake: { take: () => take() } as unknown as OrderIntake,
    archive: { keep: () => keep() } as unknown as OrderArchive,
    waits: {
      wait: (_orderId: string, { timeoutMs }: { timeoutMs: number }) => {
        waited.push(timeoutMs);
        return outcome();
      },
    } as unknown as OutcomeWaits,
    traceOf: () => [],
    ready: () => Promise.resolve(),
    draining: new AbortController().signal,
  };
  app = await buildGatewayApp(deps);
});
afterEach(() => app.close());

const place = (prefer?: string) =>
  app.inject({
    method: 'POST',
    url: '/orders',
    headers: { host: 'localhost', ...(prefer !== undefined && { prefer }) },
    payload: sampleOrder(),
  });

describe('how long POST /orders waits', () => {
  it.each([
    ['nothing', undefined, ORDER_WAIT_MS],
    ['what nobody knows', 'return=minimal', ORDER_WAIT_MS],
    ['less', 'wait=3', 3_000],
    ['more than is allowed', 'wait=3600', ORDER_WAIT_MS],
    ['an answer later, and then', 'respond-async, wait=3', 3_000],
  ])('is told by whoever prefers %s', async (_what, prefer, timeoutMs) => {
    expect((await place(prefer)).statusCode).toBe(201);
    expect(waited).toEqual([timeoutMs]);
  });

  it.each(['respond-async', 'wait=0', 'respond-async, wait=0'])(
    'is not at all, and costs nothing, with %s',
    async (prefer) => {
      expect((await place(prefer)).statusCode).toBe(202);
      expect(waited).toEqual([]);
    },
  );

  it.each([
    ['respond-async', 'respond-async'],
    ['respond-async, wait=3', 'respond-async'],
    ['wait=3', undefined],
  ])('is followed by 202 with %s, which says what was applied', async (prefer, applied) => {
    outcome = () => Promise.resolve(undefined);
    const answer = await place(prefer);
    expect(answer.statusCode).toBe(202);
    expect(answer.headers['preference-applied']).toBe(applied);
    expect(answer.headers.location).toBe('/orders/o-1');
  });
});

describe('POST /orders with wait=payment', () => {
  const PAID = { ...COMPLETED, status: 'running' } as OrderView;

  it('answers with 201 as soon as the order is paid', async () => {
    paid = () => Promise.resolve(PAID);
    const answer = await place('wait=payment');
    expect([answer.statusCode, answer.json<OrderView>().status]).toEqual([201, 'running']);
    expect(answer.headers['preference-applied']).toBe('wait=payment');
    expect(answer.headers.location).toBe('/orders/o-1');
    expect(waited).toEqual([]);
  });

  it('answers with the outcome of an order that is not paid', async () => {
    paid = () => Promise.resolve(undefined);
    outcome = () => Promise.resolve(FAILED);
    const answer = await place('wait=payment');
    expect(answer.statusCode).toBe(503);
    expect(answer.headers['preference-applied']).toBeUndefined();
    expect(waited).toHaveLength(1);
  });

  it('does not wait at all with wait=0', async () => {
    expect((await place('wait=payment, wait=0')).statusCode).toBe(202);
  });
});

describe('what POST /orders answers when something else goes wrong', () => {
  it('is the outcome, when only the archive cannot be written', async () => {
    keep = () => Promise.reject(new Error('disk full'));
    const answer = await place();
    expect(answer.statusCode).toBe(201);
    expect(answer.json()).toEqual(COMPLETED);
    expect(log).toContain('disk full');
  });

  it.each([
    [
      '503, and when to try again, while Temporal is away',
      new TemporalUnavailableError('`orders doctor`', undefined),
    ],
    ['503, and when to try again, without a worker', new NoWorkerError('o-1', 'no pollers')],
    ['409 of an interrupted order', new OrderInterruptedError('o-1', 'terminated')],
    ['500 of a bug of our own', new Error('our own bug')],
  ])('is %s; no 5xx says anything of the inside', async (expected, error) => {
    const status = Number(expected.slice(0, 3));
    take = () => Promise.reject(error);
    const answer = await place();
    expect(answer.statusCode).toBe(status);
    expect(answer.json()).toMatchObject({ status, code: 'code' in error ? error.code : 'internal_error' });
    expect(answer.headers['retry-after']).toBe(status === 503 ? '1' : undefined);
    if (status >= 500) expect(answer.body).not.toMatch(/doctor|npm|pollers|bug/);
  });

  it('is no advice to try again what will be answered the same for ever', async () => {
    outcome = () => Promise.resolve(FAILED);
    const answer = await place();
    expect(answer.statusCode).toBe(503);
    expect(answer.json()).toMatchObject({ code: 'inventory_unavailable', orderStatus: 'failed' });
    expect(answer.headers['retry-after']).toBeUndefined();
  });
});

import path from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createTraceState, SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import Database from 'libsql';
import { pino } from 'pino';
import { toSendableSpans } from '../../../src/telemetry/sendable-span';
import { SpanOutbox } from '../../../src/telemetry/span-outbox';
import { TraceStoreExporter } from '../../../src/telemetry/trace-store-exporter';
import { eventually } from '../../support/eventually';
import { newSpanId, newTraceId, readableSpan } from './spans';
import { temporaryDirectories } from './temporary-directory';

const newDirectory = temporaryDirectories();
const resource = readableSpan().resource;
const open: (() => unknown)[] = [];

function storeIn(dataDir: string, options: { maxSpans?: number; sendTo?: string } = { sendTo: 'http://b' }) {
  const store = new TraceStoreExporter({ dataDir, logger: pino({ level: 'silent' }), ...options });
  open.push(() => store.shutdown());
  return store;
}

function outboxIn(dataDir: string, leaseMs?: number) {
  const outbox = new SpanOutbox({ dataDir, ...(leaseMs !== undefined && { leaseMs }) });
  open.push(() => {
    outbox.close();
  });
  return outbox;
}

function newOutbox() {
  const dataDir = newDirectory();
  const store = storeIn(dataDir);
  const outbox = outboxIn(dataDir);
  write(store);
  return { dataDir, store, outbox, own: outbox.of(resource).id };
}

const write = (store: TraceStoreExporter, ...spans: ReadableSpan[]) => {
  store.export(spans, () => undefined);
};

const namesOf = (outbox: SpanOutbox, id: number) =>
  toSendableSpans(outbox.take(id, 100), resource).map(({ name }) => name);

afterEach(async () => {
  await Promise.all(open.splice(0).map((close) => close()));
});

describe('the outbox', () => {
  it('has what has ended, in the order in which it came, until it is marked', () => {
    const { store, outbox, own } = newOutbox();
    write(store, readableSpan({ name: 'a' }), readableSpan({ name: 'open', ended: false }));
    write(store, readableSpan({ name: 'b' }), readableSpan({ name: 'c' }));
    expect(namesOf(outbox, own)).toEqual(['a', 'b', 'c']);
    const first = outbox.take(own, 2);
    expect(first).toHaveLength(2);
    outbox.markSent(first);
    expect(namesOf(outbox, own)).toEqual(['c']);
  });

  it('gives back every byte of a span that OTLP sends', () => {
    const { store, outbox, own } = newOutbox();
    const [traceId, linked] = [newTraceId(), newTraceId()];
    const state = createTraceState('vendor=abc,other=1');
    const context = { traceId, spanId: newSpanId(), traceFlags: TraceFlags.SAMPLED, traceState: state };
    const span: ReadableSpan = {
      ...readableSpan({
        kind: SpanKind.SERVER,
        startTime: [1_700_000_000, 7],
        endTime: [1_700_000_000, 999_999_999],
        duration: [0, 0],
        status: { code: SpanStatusCode.ERROR, message: 'no' },
        attributes: { 'saga.step.number': 1, 'order.amount': 12.5, 'order.id': 'ö', list: [1, 2] },
        events: [
          { name: 'plain', time: [1_700_000_000, 8], attributes: {} },
          { name: 'exception', time: [1_700_000_000, 9], attributes: { 'exception.type': 'x' } },
        ],
        links: [
          { context: { traceId: linked, spanId: newSpanId(), traceFlags: TraceFlags.SAMPLED } },
          {
            context: {
              traceId: linked,
              spanId: newSpanId(),
              traceFlags: TraceFlags.NONE,
              traceState: createTraceState('a=b'),
              isRemote: true,
            },
            attributes: { 'order.id': 'o-2' },
          },
        ],
        instrumentationScope: { name: 'saga', version: '2', schemaUrl: 'https://example.org/schema' },
        droppedAttributesCount: 1,
        droppedEventsCount: 2,
        droppedLinksCount: 3,
      }),
      parentSpanContext: { ...context, spanId: newSpanId(), isRemote: true },
      spanContext: () => context,
    };
    write(store, span);
    const [sendable] = toSendableSpans(outbox.take(own, 1), resource);
    const plain = (given: ReadableSpan) =>
      JSON.parse(
        JSON.stringify({
          ...given,
          resource: given.resource.attributes,
          context: { ...given.spanContext(), traceState: given.spanContext().traceState?.serialize() },
          parentSpanContext: { ...given.parentSpanContext, traceState: undefined },
          links: given.links.map((link) => ({
            ...link,
            context: { ...link.context, traceState: link.context.traceState?.serialize() },
          })),
        }),
      ) as unknown;
    expect(plain(sendable!)).toEqual(plain(span));
  });

  it('does not take what is written again as it was, and takes what is not', () => {
    const { store, outbox, own } = newOutbox();
    const [traceId, spanId] = [newTraceId(), newSpanId()];
    write(store, readableSpan({ traceId, spanId, name: 'first' }));
    outbox.markSent(outbox.take(own, 10));
    write(store, readableSpan({ traceId, spanId, name: 'first' }));
    expect(namesOf(outbox, own)).toEqual([]);
    write(store, readableSpan({ traceId, spanId, name: 'second' }));
    expect(namesOf(outbox, own)).toEqual(['second']);
  });

  it('keeps what changed while it was on its way, however often', () => {
    const { store, outbox, own } = newOutbox();
    const [traceId, spanId] = [newTraceId(), newSpanId()];
    write(store, readableSpan({ traceId, spanId, name: 'first' }), readableSpan({ name: 'other' }));
    const taken = outbox.take(own, 10);
    write(store, readableSpan({ traceId, spanId, name: 'second' }));
    outbox.markSent(taken);
    expect(namesOf(outbox, own)).toEqual(['second']);
    outbox.markSent(outbox.take(own, 10));
    write(store, readableSpan({ traceId, spanId, name: 'third' }));
    outbox.markSent(taken);
    expect(namesOf(outbox, own)).toEqual(['third']);
  });

  it('has a span that was open when its process knew of the backend and was closed by one that does not', () => {
    const { dataDir, store, outbox, own } = newOutbox();
    const [traceId, spanId] = [newTraceId(), newSpanId()];
    write(store, readableSpan({ traceId, spanId, ended: false }));
    write(storeIn(dataDir, {}), readableSpan({ traceId, spanId, name: 'closed' }), readableSpan());
    expect(namesOf(outbox, own)).toEqual(['closed']);
  });

  it('lets one owner at a time send for a resource, until it stops saying that it is there', async () => {
    const { dataDir, own } = newOutbox();
    const [killed, other] = [outboxIn(dataDir, 300), outboxIn(dataDir, 300)];
    expect(killed.lease(own)).toBe(true);
    expect(killed.lease(own)).toBe(true);
    expect(other.lease(own)).toBe(false);
    await eventually(
      () => other.lease(own),
      (leased) => leased,
      'the lease of a process that is gone runs out',
    );
    expect(killed.lease(own)).toBe(false);
  });

  it('does not wait for a lease that a clock which was wrong has made', () => {
    const { dataDir, outbox, own } = newOutbox();
    expect(outboxIn(dataDir, 3_600_000).lease(own)).toBe(true);
    expect(outbox.lease(own)).toBe(true);
  });

  it('keeps an owner to its duty as long as spans wait', () => {
    const { dataDir, store, outbox, own } = newOutbox();
    outbox.lease(own);
    write(store, readableSpan());
    expect(outbox.releaseIfEmpty(own)).toBe(false);
    expect(outboxIn(dataDir).lease(own)).toBe(false);
    outbox.markSent(outbox.take(own, 1));
    expect(outbox.releaseIfEmpty(own)).toBe(true);
    expect(outboxIn(dataDir).lease(own)).toBe(true);
  });

  it('knows whose spans wait and are nobody’s to send', () => {
    const { dataDir, store, outbox, own } = newOutbox();
    const other = resourceFromAttributes({ 'service.name': 'payment-service', 'host.name': 'h' });
    const [living, idle] = ['shipping-service', 'inventory-service'].map((name) =>
      resourceFromAttributes({ 'service.name': name }),
    );
    write(store, readableSpan(), readableSpan({ resource: other }), readableSpan({ resource: living! }));
    outbox.of(idle!);
    const owner = outboxIn(dataDir);
    owner.lease(owner.of(living!).id);
    const orphans = outbox.orphans(own);
    expect(orphans.map((orphan) => orphan.resource.attributes)).toEqual([other.attributes]);
    expect(namesOf(outbox, orphans[0]!.id)).toHaveLength(1);
  });

  it('is empty, and makes no file, where nobody has written', () => {
    expect(outboxIn(newDirectory()).exists()).toBe(false);
  });

  it('counts spans as lost that the store drops before they are sent, and no others', () => {
    const dataDir = newDirectory();
    const store = storeIn(dataDir, { maxSpans: 1_000, sendTo: 'http://b' });
    const outbox = outboxIn(dataDir);
    const sent = newTraceId();
    write(store, readableSpan({ traceId: sent }), readableSpan({ traceId: sent }));
    outbox.markSent(outbox.take(outbox.of(resource).id, 10));
    write(store, readableSpan({ ended: false }), readableSpan());
    for (let index = 0; index < 1_496; index++) write(store, readableSpan());
    // The bound is looked at every 500 spans: 1,500 were written, of the first 500 all but three had to be sent.
    expect(store.lostSpans).toBe(497);
    const database = new Database(path.join(dataDir, 'traces.sqlite'));
    expect(database.prepare('select count(*) as kept from spans').get()).toMatchObject({ kept: 1_000 });
    database.close();
  });
});

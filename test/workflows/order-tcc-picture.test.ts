import { SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { OrderView } from '../../src/domain/order';
import { refusal } from '../../src/saga/outcome';
import { scriptedActivities } from '../support/order-activities';
import { OrderHarness } from '../support/order-harness';
import { sampleInput } from '../support/orders';

const refuse = (code: string, message: string) => () => Promise.reject(refusal(code, message));

describe('the picture of orderTcc', () => {
  let harness: OrderHarness;

  beforeAll(async () => {
    harness = await OrderHarness.connect();
  });
  afterAll(async () => {
    await harness.environment.teardown();
  });

  /** The business's spans as `name status ↩ link`, indented below their parents, in the order in which they began. */
  const picture = (spans: readonly ReadableSpan[], { traceId }: OrderView): string[] => {
    const own = spans.filter((span) => span.spanContext().traceId === traceId);
    const byId = new Map(own.map((span) => [span.spanContext().spanId, span]));
    const isBusiness = ({ attributes }: ReadableSpan) => 'saga.id' in attributes || 'tcc.id' in attributes;
    const below = (parent: ReadableSpan, indent: string): string[] =>
      own
        .filter((span) => isBusiness(span) && span.parentSpanContext?.spanId === parent.spanContext().spanId)
        .sort((a, b) => a.startTime[0] - b.startTime[0] || a.startTime[1] - b.startTime[1])
        .flatMap((span) => [line(span, indent), ...below(span, `${indent}  `)]);
    const line = ({ name, status, links }: ReadableSpan, indent: string) => {
      const linked = links.map(({ context }) => ` ↩ ${byId.get(context.spanId)?.name ?? '?'}`);
      return `${indent}${name} ${status.code === SpanStatusCode.OK ? 'OK' : `ERROR ${status.message ?? ''}`}${linked.join('')}`;
    };
    const saga = own.find(({ name }) => name === 'Saga: Create Order')!;
    return [line(saga, ''), ...below(saga, '  ')];
  };
  const pictureOf = async (script: Parameters<typeof scriptedActivities>[0]) => {
    let drawn: string[] = [];
    await harness.withWorker(scriptedActivities(script), async () => {
      const view = await (await harness.start(sampleInput({ transaction: 'tcc' }))).result();
      drawn = picture(harness.spans, view);
    });
    return drawn;
  };

  it('shows a completed transaction between the steps of the saga', async () => {
    expect(await pictureOf({})).toEqual([
      'Saga: Create Order OK',
      '  Step: Create Order OK',
      '  TCC Transaction OK',
      '    TCC Phase: Try OK',
      '    TCC Phase: Confirm OK ↩ TCC Phase: Try',
      '  Step: Create Shipment OK',
    ]);
  });

  it('shows a declined payment, with the Cancel phase linked to Try', async () => {
    expect(await pictureOf({ tryPayment: refuse('payment_declined', 'declined') })).toEqual([
      'Saga: Create Order ERROR Saga failed at payment step',
      '  Step: Create Order OK',
      '  TCC Transaction ERROR TCC failed at try phase',
      '    TCC Phase: Try ERROR declined',
      '    TCC Phase: Cancel OK ↩ TCC Phase: Try',
      '  Compensation: Cancel Order OK ↩ Step: Create Order',
    ]);
  });

  it('shows a Cancel phase also when nobody holds anything', async () => {
    expect(await pictureOf({ tryInventory: refuse('out_of_stock', 'none left') })).toContain(
      '    TCC Phase: Cancel OK ↩ TCC Phase: Try',
    );
  });

  it('shows a hold that expired before it was confirmed', async () => {
    expect(await pictureOf({ confirmPayment: refuse('hold_expired', 'too late') })).toEqual([
      'Saga: Create Order ERROR Saga failed at payment step',
      '  Step: Create Order OK',
      '  TCC Transaction ERROR TCC failed at confirm phase',
      '    TCC Phase: Try OK',
      '    TCC Phase: Confirm ERROR too late ↩ TCC Phase: Try',
      '    TCC Phase: Cancel OK ↩ TCC Phase: Try',
      '  Compensation: Cancel Order OK ↩ Step: Create Order',
    ]);
  });

  it('shows a completed transaction that is reversed, linked to what confirmed it', async () => {
    expect(await pictureOf({ createShipment: refuse('shipping_unavailable', 'no carrier') })).toEqual([
      'Saga: Create Order ERROR Saga failed at shipping step',
      '  Step: Create Order OK',
      '  TCC Transaction OK',
      '    TCC Phase: Try OK',
      '    TCC Phase: Confirm OK ↩ TCC Phase: Try',
      '  Step: Create Shipment ERROR no carrier',
      '  Compensation: Reverse Payment OK ↩ TCC Phase: Confirm',
      '  Compensation: Reverse Inventory OK ↩ TCC Phase: Confirm',
      '  Compensation: Cancel Order OK ↩ Step: Create Order',
    ]);
  });
});

import { describe, expect, it } from '@jest/globals';
import type { StoredSpan } from '../../../src/telemetry/stored-span';
import { lintTrace } from '../../../src/traces/lint-trace';
import { attribute, changed, copied, detailsOf, having, without } from './planted';
import { event, running } from './sample-spans';
import { DECLINED, declinedTrace } from './sample-trace';

const sagaEvents = () => declinedTrace().find(({ spanId }) => spanId === 'saga')!.events;
describe('the linter of traces', () => {
  it('finds nothing in a good trace', () => {
    expect(lintTrace(declinedTrace(), DECLINED)).toEqual([]);
  });

  it('finds nothing in a good trace with no more known of the order than Temporal says', () => {
    const { orderId, workflowId, runId, transaction, status, customerId, amount } = DECLINED;
    const summary = { orderId, workflowId, runId, transaction, status, customerId, amount };
    expect(lintTrace(declinedTrace(), summary)).toEqual([]);
    expect(lintTrace(changed('saga', having({ status: { code: 'OK' } })), summary)).toEqual([
      { rule: 'status', detail: 'Saga: Create Order (saga): found OK, expected ERROR' },
    ]);
  });

  it('names the span, what was found and what was expected', () => {
    expect(lintTrace(changed('s3', attribute('payment.amount', 1)), DECLINED)).toEqual([
      {
        rule: 'attributes',
        detail: 'Step: Process Payment (s3): found payment.amount = 1, expected 59.98',
      },
    ]);
  });

  it.each<[string, string, string, StoredSpan[]]>([
    ['a saga span that is lost', 'missing', 'the span of the saga', without('saga')],
    ['a run of the workflow that is lost', 'missing', 'RunWorkflow', without('run')],
    ['a step that is lost', 'missing', 'step create_order, which is done', without('s1')],
    ['a compensation that is lost', 'missing', 'compensation cancel_order, done', without('c1')],
    [
      'a step that the order did not take',
      'unexpected',
      'Step: Create Shipment (s9): found a span, expected none: the step is skipped',
      copied('s2', { spanId: 's9', name: 'Step: Create Shipment' }),
    ],
    [
      'a compensation that the order did not need',
      'unexpected',
      'Compensation: Refund Payment (c9)',
      copied('c1', { spanId: 'c9', name: 'Compensation: Refund Payment' }),
    ],
    [
      'a step that no order has',
      'unexpected',
      'Step: Wrap Gift (s9)',
      copied('s2', { spanId: 's9', name: 'Step: Wrap Gift' }),
    ],
    ['an orphan', 'parent_present', 'Saga: Create Order (saga): found no span run', without('run')],
    [
      'a step that is not below the saga',
      'parent_present',
      'Step: Create Order (s1): found the parent RunWorkflow:orderSaga (run), expected a parent Saga:',
      changed('s1', having({ parentSpanId: 'run' })),
    ],
    [
      'a saga that is not below its workflow',
      'parent_present',
      'Saga: Create Order (saga): found the parent orders start (root)',
      changed('saga', having({ parentSpanId: 'root' })),
    ],
    [
      'a workflow that is not below its start',
      'parent_present',
      'RunWorkflow:orderSaga (run): found the parent orders start (root)',
      changed('run', having({ parentSpanId: 'root' })),
    ],
    [
      'a second root',
      'one_root',
      '2 roots (orders start (root), RunWorkflow:orderSaga (run))',
      changed('run', ({ parentSpanId: _, ...span }) => span),
    ],
    ['a circle', 'one_root', 'no root', changed('root', having({ parentSpanId: 'c1' }))],
    ['a span twice', 'no_duplicate', 'INSERT orders (db)', copied('db', {})],
    ['a step twice', 'no_duplicate', 'Step: Create Order (s9)', copied('s1', { spanId: 's9' })],
    ['a saga twice', 'no_duplicate', 'Saga: Create Order (saga9)', copied('saga', { spanId: 'saga9' })],
    ['a run twice', 'no_duplicate', 'RunWorkflow:orderSaga (run9)', copied('run', { spanId: 'run9' })],
    ['a compensation done twice', 'no_duplicate', 'Cancel Order (c9)', copied('c1', { spanId: 'c9' })],
    [
      'a compensation without a link',
      'compensation_link',
      'Compensation: Cancel Order (c1): found no link, expected one to Step: Create Order (s1)',
      changed('c1', having({ links: [] })),
    ],
    [
      'a compensation linked to another step',
      'compensation_link',
      'found links to Step: Reserve Inventory (s2), expected one to Step: Create Order (s1)',
      changed('c1', having({ links: [{ traceId: 't', spanId: 's2' }] })),
    ],
    [
      'a compensation linked twice',
      'compensation_link',
      'found links to Step: Create Order (s1), Step: Reserve Inventory (s2)',
      changed('c1', ({ links, ...span }) => ({
        ...span,
        links: [...links, { traceId: 't', spanId: 's2' }],
      })),
    ],
    ['events that are missing', 'events', 'found the events []', changed('saga', having({ events: [] }))],
    [
      'events in another order',
      'events',
      '[Order created; Inventory reserved; exception; Payment failed, starting compensation]',
      changed('saga', having({ events: [...sagaEvents()].reverse() })),
    ],
    [
      'an event that nobody knows',
      'events',
      'Gift wrapped',
      changed('saga', having({ events: [...sagaEvents(), event('Gift wrapped')] })),
    ],
    [
      'an event of another order',
      'events',
      '"Order created" with order.id = "o-2", expected "o-1"',
      changed('saga', having({ events: [event('Order created', { 'order.id': 'o-2' })] })),
    ],
    [
      'a failed compensation that did not fail',
      'events',
      'found 1 events "Compensation failed" of cancel_order, expected 0',
      changed('saga', (span) => ({
        ...span,
        events: [...span.events, event('Compensation failed', { 'saga.step': 'cancel_order' })],
      })),
    ],
    [
      'a failure that the step does not record',
      'events',
      'Step: Process Payment (s3): found 0 exception events, expected one',
      changed('s3', having({ events: [] })),
    ],
    [
      'a failure that the saga records with another reason',
      'events',
      'Saga: Create Order (saga): found an exception of type "x" with the message nothing',
      changed('saga', (span) => ({
        ...span,
        events: span.events.map((one) =>
          one.name === 'exception' ? event('exception', { 'exception.type': 'x' }) : one,
        ),
      })),
    ],
    [
      'a failed step that is OK',
      'status',
      'Step: Process Payment (s3): found OK, expected ERROR "declined"',
      changed('s3', having({ status: { code: 'OK' } })),
    ],
    [
      'a failed step with another reason',
      'status',
      'found ERROR "out of order", expected ERROR "declined"',
      changed('s3', having({ status: { code: 'ERROR', message: 'out of order' } })),
    ],
    [
      'a failed saga that is OK',
      'status',
      'Saga: Create Order (saga): found OK, expected ERROR "Saga failed at payment step"',
      changed('saga', having({ status: { code: 'OK' } })),
    ],
    [
      'a saga with another result',
      'status',
      'saga.result = "Saga cancelled", expected "Saga failed at payment step"',
      changed('saga', attribute('saga.result', 'Saga cancelled')),
    ],
    [
      'a compensation that is ERROR',
      'status',
      'Compensation: Release Inventory (c2): found ERROR, expected OK',
      changed('c2', having({ status: { code: 'ERROR' } })),
    ],
    [
      'a workflow that failed because the card was declined',
      'status',
      'RunWorkflow:orderSaga (run): found ERROR, expected OK',
      changed('run', having({ status: { code: 'ERROR' } })),
    ],
    [
      'a span that ends before it begins',
      'order',
      'INSERT orders (db): found its end at 1,',
      changed('db', having({ endTimeUnixNano: '1' })),
    ],
    [
      'a compensation that begins before the step has failed',
      'order',
      'Release Inventory (c2): found its start at 1700000000089000000, expected one after the end of Step: Process',
      changed('c2', having({ startTimeUnixNano: '1700000000089000000' })),
    ],
    [
      'compensations in the order of the steps',
      'order',
      'expected one after the end of Compensation: Release Inventory (c2)',
      changed('c1', having({ startTimeUnixNano: '1700000000090000000' })),
    ],
    [
      'a step that begins before the one before it has ended',
      'order',
      'Step: Reserve Inventory (s2): found its start',
      changed('s2', having({ startTimeUnixNano: '1700000000030000000' })),
    ],
    [
      'a final order with a span that still runs',
      'running',
      'POST /orders (server): found it still running, expected its end: the order is failed',
      changed('server', running),
    ],
    [
      'a running span with a status',
      'status',
      'POST /orders (http): found OK, expected none while it runs',
      changed('http', having({ running: true })),
    ],
  ])('names %s', (_, rule, detail, spans) => {
    expect(detailsOf(rule, spans)).toContain(detail);
  });
});

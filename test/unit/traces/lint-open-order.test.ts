import { describe, expect, it } from '@jest/globals';
import type { OrderView } from '../../../src/domain/order';
import type { StoredSpan } from '../../../src/telemetry/stored-span';
import type { TracedOrder } from '../../../src/traces/lint/traced-order';
import { lintTrace } from '../../../src/traces/lint-trace';
import { withoutFailure } from './planted';
import { event, running } from './sample-spans';
import { DECLINED, PARKED, declinedTrace, parkedTrace } from './sample-trace';

type Change = (span: StoredSpan) => StoredSpan;
const changed = (spans: readonly StoredSpan[], spanIds: readonly string[], change: Change) =>
  spans.map((span) => (spanIds.includes(span.spanId) ? change(span) : span));
const ended: Change = ({ running: _, ...span }) => ({ ...span, status: { code: 'OK' } });
const found = (spans: readonly StoredSpan[], order: TracedOrder) =>
  lintTrace(spans, order).map(({ rule, detail }) => `${rule}: ${detail}`);

/** The order while its payment is being tried for the second time: its view and its spans so far. */
const PAYING: OrderView = {
  ...withoutFailure(DECLINED),
  status: 'running',
  steps: DECLINED.steps.map((view) =>
    view.step === 'process_payment'
      ? { step: view.step, number: 3, state: 'running', attempts: 0 }
      : view.step === 'create_shipment'
        ? { ...view, state: 'pending' }
        : view,
  ),
  compensations: [],
};

function payingTrace(): StoredSpan[] {
  const soFar = declinedTrace().filter(({ spanId }) => !/^c\d/.test(spanId));
  return changed(soFar, ['run', 'saga', 's3', 's3-start', 's3-try2'], (span) => {
    const { 'error.type': _, 'saga.result': __, ...attributes } = span.attributes;
    const events = span.events.filter(({ name }) => ['Order created', 'Inventory reserved'].includes(name));
    return running({ ...span, attributes, events });
  });
}

describe('the linter of traces, of an order that is not final', () => {
  it('finds nothing when it waits for an operator, with the saga still running', () => {
    expect(found(parkedTrace(), PARKED)).toEqual([]);
  });

  it('finds nothing while a step is being tried', () => {
    expect(found(payingTrace(), PAYING)).toEqual([]);
  });

  it('finds nothing while it is being undone', () => {
    const order: OrderView = {
      ...DECLINED,
      status: 'compensating',
      compensations: [
        { step: 'release_inventory', undoes: 'reserve_inventory', state: 'running', attempts: 0 },
        { step: 'cancel_order', undoes: 'create_order', state: 'pending', attempts: 0 },
      ],
    };
    const soFar = declinedTrace().filter(({ spanId }) => !spanId.startsWith('c1'));
    const spans = changed(soFar, ['run', 'saga', 'c2', 'c2-start', 'c2-try1'], running);
    expect(found(spans, order)).toEqual([]);
  });

  it('finds nothing while a parked compensation is tried again', () => {
    const order: OrderView = {
      ...PARKED,
      status: 'compensating',
      compensations: PARKED.compensations.map((view) =>
        view.step === 'refund_payment'
          ? { step: view.step, undoes: view.undoes, state: 'running', attempts: 1 }
          : view,
      ),
    };
    const spans = changed(parkedTrace(), ['saga'], (saga) => ({ ...saga, events: saga.events.slice(0, -1) }));
    const retried: Change = ({ attributes: { 'error.type': _, ...attributes }, ...span }) =>
      running({ ...span, attributes, events: [] });
    expect(found(changed(spans, ['c3b', 'c3b-start', 'c3b-try1'], retried), order)).toEqual([]);
  });

  it.each<[string, string, StoredSpan[]]>([
    [
      'a saga that has ended',
      'running: Saga: Create Order (saga): found it ended, expected it still running: the order is needs_attention',
      changed(parkedTrace(), ['saga'], ended),
    ],
    [
      'a workflow that has ended',
      'running: RunWorkflow:orderSaga (run): found it ended',
      changed(parkedTrace(), ['run'], ended),
    ],
    [
      'a step that still runs',
      'running: Step: Create Order (s1): found it still running, expected its end: the step create_order is done',
      changed(parkedTrace(), ['s1'], running),
    ],
    [
      'an activity that outlives its step',
      'running: StartActivity:Create Order (s1-start): found it still running',
      changed(parkedTrace(), ['s1-start'], running),
    ],
    [
      'a compensation that still runs',
      'running: Compensation: Cancel Order (c1): found it still running',
      changed(parkedTrace(), ['c1'], running),
    ],
    [
      'a failed compensation that is not told',
      'events: Saga: Create Order (saga): found 1 events "Compensation failed" of refund_payment, expected 2',
      changed(parkedTrace(), ['saga'], (saga) => ({ ...saga, events: saga.events.slice(0, -1) })),
    ],
    [
      'a failed compensation without a reason',
      'events: Saga: Create Order (saga): found "Compensation failed" of refund_payment without a reason',
      changed(parkedTrace(), ['saga'], (saga) => ({
        ...saga,
        events: saga.events.map((one) =>
          one.name === 'Compensation failed' ? event(one.name, { 'saga.step': 'refund_payment' }) : one,
        ),
      })),
    ],
    [
      'a round of a compensation that is lost',
      'attempts: refund_payment: found 1 attempts, expected 2, as the order says',
      parkedTrace().filter(({ spanId }) => !spanId.startsWith('c3b')),
    ],
  ])('names %s', (_, detail, spans) => {
    expect(found(spans, PARKED).join('\n')).toContain(detail);
  });

  it('names a step that has ended while the order says that it runs', () => {
    expect(found(changed(payingTrace(), ['s3'], ended), PAYING)).toContain(
      'running: Step: Process Payment (s3): found it ended, expected it still running: the step process_payment is running',
    );
  });
});

describe('the linter of traces, of an order that an operator gave up on', () => {
  const SKIPPED: OrderView = {
    ...PARKED,
    status: 'failed',
    compensations: PARKED.compensations.map((view) =>
      view.step === 'refund_payment'
        ? { ...view, state: 'skipped', skippedBy: 'ann', reason: 'by bank' }
        : view,
    ),
  };
  const result = 'Saga failed at shipping step';
  const skippedTrace = (events: readonly StoredSpan['events'][number][]) =>
    changed(changed(parkedTrace(), ['run'], ended), ['saga'], ({ running: _, ...saga }) => ({
      ...saga,
      status: { code: 'ERROR', message: result },
      attributes: { ...saga.attributes, 'saga.result': result, 'error.type': 'shipping_unavailable' },
      events: [...saga.events, ...events],
    }));

  it('finds nothing when the saga tells what was skipped', () => {
    const skipped = event('Compensation skipped', { 'saga.step': 'refund_payment' });
    expect(found(skippedTrace([skipped]), SKIPPED)).toEqual([]);
  });

  it('names a skip that is not told', () => {
    expect(found(skippedTrace([]), SKIPPED)).toEqual([
      'events: Saga: Create Order (saga): found 0 events "Compensation skipped" of refund_payment, expected 1',
    ]);
  });
});

describe('the linter of traces, of an order that was terminated', () => {
  const cutShort: Change = ({ running: _, ...span }) => ({
    ...span,
    status: { code: 'ERROR' },
    attributes: { ...span.attributes, 'error.type': 'workflow_terminated' },
  });
  const open = ['run', 'saga', 's3', 's3-start', 's3-try2'];
  const closed = () => changed(payingTrace(), open, cutShort);
  const terminated: TracedOrder = { ...PAYING, interrupted: 'terminated' };
  const { orderId, workflowId, runId, status, customerId, amount } = PAYING;
  const summary = {
    orderId,
    workflowId,
    runId,
    transaction: 'saga',
    status,
    customerId,
    amount,
    interrupted: 'terminated',
  } as const;

  it('finds nothing once its open spans are closed', () => {
    expect(found(closed(), terminated)).toEqual([]);
  });

  it('finds nothing with no more known of it than Temporal says', () => {
    expect(found(closed(), summary)).toEqual([]);
  });

  it('finds nothing when no worker had taken the activity yet', () => {
    const untried = closed().filter(({ spanId }) => !spanId.startsWith('s3-try'));
    expect(found(untried, terminated)).toEqual([]);
  });

  it('names the spans that are still open', () => {
    const breaches = found(payingTrace(), summary).filter((text) => text.startsWith('running:'));
    expect(breaches).toHaveLength(open.length);
    expect(breaches).toContain(
      'running: Saga: Create Order (saga): found it still running, expected its end: the order is terminated',
    );
  });

  it('names spans that were closed as something else', () => {
    const wrong = changed(closed(), ['saga', 'run', 's3'], (span) => ({ ...span, status: { code: 'OK' } }));
    expect(found(wrong, terminated)).toEqual([
      'status: Saga: Create Order (saga): found OK, expected ERROR',
      'status: RunWorkflow:orderSaga (run): found OK, expected ERROR',
      'status: Step: Process Payment (s3): found OK, expected ERROR',
    ]);
    const untyped = changed(closed(), ['saga'], (span) => ({
      ...span,
      attributes: { ...span.attributes, 'error.type': 'cancelled' },
    }));
    expect(found(untyped, terminated)).toContain(
      'status: Saga: Create Order (saga): found error.type = "cancelled", expected "workflow_terminated"',
    );
  });
});

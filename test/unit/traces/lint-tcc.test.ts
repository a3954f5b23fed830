import { describe, expect, it } from '@jest/globals';
import type { OrderView } from '../../../src/domain/order';
import type { StoredSpan } from '../../../src/telemetry/stored-span';
import { lintTrace } from '../../../src/traces/lint-trace';
import { attribute, having, withoutFailure } from './planted';
import { event, running } from './sample-spans';
import { DECLINED, declinedTrace } from './sample-trace';
import { EXPIRED, REVERSED, UNCANCELLED, expiredTrace, reversedTrace, uncancelledTrace } from './sample-tcc';

type Change = (span: StoredSpan) => StoredSpan;
const detailsOf = (rule: string, spans: readonly StoredSpan[], order: OrderView = EXPIRED) =>
  lintTrace(spans, order)
    .filter((breach) => breach.rule === rule)
    .map(({ detail }) => detail)
    .join('\n');
const changed = (spanId: string, change: Change, spans = expiredTrace()) =>
  spans.map((span) => (span.spanId === spanId ? change(span) : span));
const without = (spanId: string) => expiredTrace().filter((span) => span.spanId !== spanId);
const copied = (spanId: string, changes: Partial<StoredSpan>, spans = expiredTrace()) => [
  ...spans,
  ...spans.filter((span) => span.spanId === spanId).map(having(changes)),
];
const retold = (...names: string[]): Change => having({ events: names.map((name) => event(name)) });

describe('the linter of traces, of an order with a TCC transaction', () => {
  it.each<[string, StoredSpan[], OrderView]>([
    ['that failed at confirm', expiredTrace(), EXPIRED],
    ['that completed and was reversed', reversedTrace(), REVERSED],
    ['that waits for an operator', uncancelledTrace(), UNCANCELLED],
  ])('finds nothing in a good trace of one %s', (_, spans, order) => {
    expect(lintTrace(spans, order)).toEqual([]);
  });

  it('finds nothing in a good trace with no more known of the order than Temporal says', () => {
    const { orderId, workflowId, runId, transaction, status, customerId, amount } = EXPIRED;
    const summary = { orderId, workflowId, runId, transaction, status, customerId, amount };
    expect(lintTrace(expiredTrace(), summary)).toEqual([]);
    expect(lintTrace(without('tcc'), summary)).not.toEqual([]);
  });

  it.each<[string, string, string, StoredSpan[]]>([
    ['a transaction that is lost', 'missing', 'the span TCC Transaction', without('tcc')],
    ['a transaction twice', 'no_duplicate', 'TCC Transaction (tcc9)', copied('tcc', { spanId: 'tcc9' })],
    ['a Try that is lost', 'missing', 'the span TCC Phase: Try', without('try')],
    ['a Try twice', 'no_duplicate', 'TCC Phase: Try (try9)', copied('try', { spanId: 'try9' })],
    ['a Confirm that is lost', 'missing', 'the span TCC Phase: Confirm', without('confirm')],
    ['a Cancel that is lost', 'missing', 'the span TCC Phase: Cancel', without('cancel')],
    [
      'a phase that no transaction has',
      'unexpected',
      'TCC Phase: Commit (try)',
      changed('try', having({ name: 'TCC Phase: Commit' })),
    ],
    [
      'a transaction that is not below the saga',
      'parent_present',
      'TCC Transaction (tcc): found the parent RunWorkflow:orderTcc (run), expected a parent Saga:',
      changed('tcc', having({ parentSpanId: 'run' })),
    ],
    [
      'a phase that is not below the transaction',
      'parent_present',
      'TCC Phase: Confirm (confirm): found the parent Saga: Create Order (saga), expected a parent TCC Transaction',
      changed('confirm', having({ parentSpanId: 'saga' })),
    ],
    ...['confirm', 'cancel'].flatMap((spanId): [string, string, string, StoredSpan[]][] => [
      [
        `a ${spanId} phase without a link`,
        'compensation_link',
        `(${spanId}): found no link, expected one to TCC Phase: Try (try)`,
        changed(spanId, having({ links: [] })),
      ],
      [
        `a ${spanId} phase that is linked to something else`,
        'compensation_link',
        `(${spanId}): found links to Step: Create Order (s1)`,
        changed(spanId, having({ links: [{ traceId: 't', spanId: 's1' }] })),
      ],
    ]),
    ...['tcc', 'try', 'confirm', 'cancel'].flatMap((spanId): [string, string, string, StoredSpan[]][] => [
      [
        `${spanId} of another kind`,
        'kind',
        `(${spanId}): found CLIENT, expected INTERNAL`,
        changed(spanId, having({ kind: 'CLIENT' })),
      ],
      ...['tcc.id', 'tcc.phase', 'order.id'].map((name): [string, string, string, StoredSpan[]] => [
        `another ${name} on ${spanId}`,
        'attributes',
        `(${spanId}): found ${name} = "x", expected`,
        changed(spanId, attribute(name, 'x')),
      ]),
    ]),
    [
      'a transaction that does not say the last phase',
      'attributes',
      'tcc.phase = "confirm", expected "cancel"',
      changed('tcc', attribute('tcc.phase', 'confirm')),
    ],
    [
      'a part without an activity',
      'attempts',
      'TCC Phase: Confirm (confirm): found 1 activities, expected 2',
      expiredTrace().filter(({ spanId }) => !spanId.startsWith('confirm2')),
    ],
    [
      'an attempt of a part that is lost',
      'attempts',
      'the try phase: found 2 attempts, expected 3, as the order says',
      without('try2-try2'),
    ],
    [
      'an attempt of a cancel that is lost',
      'attempts',
      'the cancel phase: found 1 attempts, expected 2, as the order says',
      without('cancel1-try1'),
    ],
    [
      'a Confirm that began before Try had ended',
      'order',
      'TCC Phase: Confirm (confirm): found its start',
      changed('confirm', (span) => ({ ...span, startTimeUnixNano: expiredTrace()[4]!.startTimeUnixNano })),
    ],
    [
      'a transaction that tells another story',
      'events',
      'TCC Transaction (tcc): found the events [Try phase succeeded; Confirm phase succeeded]',
      changed('tcc', retold('Try phase succeeded', 'Confirm phase succeeded')),
    ],
    [
      'a transaction that records another reason',
      'events',
      'TCC Transaction (tcc): found an exception of type "hold_expired" with the message "x"',
      changed('tcc', (span) => ({
        ...span,
        events: span.events.map((one) => ({
          ...one,
          attributes: { ...one.attributes, 'exception.message': 'x' },
        })),
      })),
    ],
    [
      'a Try that keeps silent about a hold',
      'events',
      'TCC Phase: Try (try): found the events [Inventory try succeeded], expected [Inventory try succeeded; Payment',
      changed('try', retold('Inventory try succeeded')),
    ],
    [
      'a Confirm that does not record why it failed',
      'events',
      'TCC Phase: Confirm (confirm): found the events [Inventory confirmed], expected [Inventory confirmed; exception]',
      changed('confirm', retold('Inventory confirmed')),
    ],
    [
      'a Cancel that keeps silent about what it gave back',
      'events',
      'TCC Phase: Cancel (cancel): found the events [Payment cancelled]',
      changed('cancel', retold('Payment cancelled')),
    ],
    [
      'a Try that is ERROR although all was held',
      'status',
      'TCC Phase: Try (try): found ERROR, expected OK',
      changed('try', having({ status: { code: 'ERROR' } })),
    ],
    [
      'a failed Confirm that is OK',
      'status',
      'TCC Phase: Confirm (confirm): found OK, expected ERROR "too late"',
      changed('confirm', having({ status: { code: 'OK' } })),
    ],
    [
      'a Cancel that is ERROR although nothing failed in it',
      'status',
      'TCC Phase: Cancel (cancel): found ERROR, expected OK',
      changed('cancel', having({ status: { code: 'ERROR' } })),
    ],
    [
      'a failed transaction that is OK',
      'status',
      'TCC Transaction (tcc): found OK, expected ERROR "TCC failed at confirm phase"',
      changed('tcc', having({ status: { code: 'OK' } })),
    ],
    [
      'a transaction with another result',
      'status',
      'tcc.result = "TCC failed at try phase", expected "TCC failed at confirm phase"',
      changed('tcc', attribute('tcc.result', 'TCC failed at try phase')),
    ],
    [
      'a step of a saga',
      'unexpected',
      'Step: Reserve Inventory (s9)',
      copied('s1', { spanId: 's9', name: 'Step: Reserve Inventory' }),
    ],
    [
      'a compensation beside the Cancel phase',
      'unexpected',
      'Compensation: Cancel Payment (c9)',
      copied('c1', { spanId: 'c9', name: 'Compensation: Cancel Payment' }),
    ],
    [
      'a phase that still runs',
      'running',
      'TCC Phase: Cancel (cancel): found it still running',
      changed('cancel', running),
    ],
  ])('names %s', (_, rule, detail, spans) => {
    expect(detailsOf(rule, spans)).toContain(detail);
  });

  it('names a Cancel phase of a transaction that completed', () => {
    const spans = copied('confirm', { spanId: 'cancel', name: 'TCC Phase: Cancel' }, reversedTrace());
    expect(detailsOf('unexpected', spans, REVERSED)).toContain('TCC Phase: Cancel (cancel)');
  });

  it('names a reversal that is linked to anything but the Confirm phase', () => {
    const spans = changed('c5', having({ links: [{ traceId: 't', spanId: 'try' }] }), reversedTrace());
    expect(detailsOf('compensation_link', spans, REVERSED)).toContain(
      'Compensation: Reverse Payment (c5): found links to TCC Phase: Try (try), expected one to TCC Phase: Confirm (confirm)',
    );
  });

  it('names a transaction in the trace of a saga', () => {
    const tcc = expiredTrace().filter(({ spanId }) => spanId === 'tcc');
    expect(detailsOf('unexpected', [...declinedTrace(), ...tcc], DECLINED)).toContain(
      'TCC Transaction (tcc)',
    );
  });

  describe('that waits for an operator', () => {
    it('names a transaction that has ended although something is still held', () => {
      const ended: Change = ({ running: _, ...span }) => span;
      expect(detailsOf('running', changed('tcc', ended, uncancelledTrace()), UNCANCELLED)).toContain(
        'TCC Transaction (tcc): found it ended, expected it still running',
      );
    });

    it('names a failed cancel that nobody told of', () => {
      const silent = changed('cancel', retold('Inventory reversed'), uncancelledTrace());
      expect(detailsOf('events', silent, UNCANCELLED)).toContain(
        'no exception of cancel_payment with its reason, expected "not voidable"',
      );
      const forgotten = changed(
        'saga',
        (saga) => ({ ...saga, events: saga.events.slice(0, -1) }),
        uncancelledTrace(),
      );
      expect(detailsOf('events', forgotten, UNCANCELLED)).toContain(
        'found 0 events "Compensation failed" of cancel_payment, expected 1',
      );
    });
  });

  describe('that is at work', () => {
    const HOLDING: OrderView = {
      ...withoutFailure(EXPIRED),
      status: 'running',
      steps: EXPIRED.steps.map((view) =>
        view.number < 3
          ? view
          : {
              step: view.step,
              number: view.number,
              state: view.number === 3 ? 'running' : 'pending',
              attempts: 0,
            },
      ),
      compensations: [],
    };
    const holding = () =>
      expiredTrace()
        .filter(({ spanId }) => !/^(confirm|cancel|c1)/.test(spanId))
        .map((span) => {
          if (!['run', 'saga', 'tcc', 'try', 'try2-start', 'try2-try2'].includes(span.spanId)) return span;
          const { 'error.type': _, 'saga.result': __, 'tcc.result': ___, ...attributes } = span.attributes;
          const told = ['Order created', 'Inventory try succeeded'];
          const events = span.events.filter(({ name }) => told.includes(name));
          const phase = span.spanId === 'tcc' ? { 'tcc.phase': 'try' } : {};
          return running({ ...span, attributes: { ...attributes, ...phase }, events });
        });

    it('finds nothing while a try is under way', () => {
      expect(lintTrace(holding(), HOLDING)).toEqual([]);
    });

    it('names a Try that has ended, and one that says a hold was made that is not', () => {
      const ended: Change = ({ running: _, ...span }) => ({ ...span, status: { code: 'OK' } });
      expect(detailsOf('running', changed('try', ended, holding()), HOLDING)).toContain(
        'TCC Phase: Try (try): found it ended, expected it still running: the order is running',
      );
      const boasting = changed('try', retold('Inventory try succeeded', 'Payment try succeeded'), holding());
      expect(detailsOf('events', boasting, HOLDING)).toContain('TCC Phase: Try (try)');
    });
  });
});

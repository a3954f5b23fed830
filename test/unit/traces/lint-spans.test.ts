import { describe, expect, it } from '@jest/globals';
import type { StoredSpan } from '../../../src/telemetry/stored-span';
import { attribute, changed, copied, detailsOf, having, without } from './planted';

describe('the linter of traces, of what single spans promise', () => {
  it.each<[string, string, string, StoredSpan[]]>([
    [
      'an activity of a step that is there twice',
      'attempts',
      'Step: Create Order (s1): found 2 activities, expected one',
      copied('s1-start', { spanId: 's1-start9' }),
    ],
    [
      'a step without an activity',
      'attempts',
      'Step: Reserve Inventory (s2): found 0 activities, expected one',
      without('s2-start'),
    ],
    [
      'an activity that nobody attempted',
      'attempts',
      'StartActivity:Reserve Inventory (s2-start): found no attempt, expected one at least',
      without('s2-try1'),
    ],
    [
      'a first attempt that is lost',
      'attempts',
      'StartActivity:Process Payment (s3-start): found the attempts 2, expected 1, 2, …',
      without('s3-try1'),
    ],
    [
      'a last attempt that is lost',
      'attempts',
      'process_payment: found 1 attempts, expected 2, as the order says',
      without('s3-try2'),
    ],
    [
      'an attempt twice',
      'attempts',
      'found the attempts 1, 1',
      changed('s3-try2', attribute('temporal.activity.attempt', 1)),
    ],
    [
      'an attempt without a number',
      'attempts',
      'found the attempts NaN',
      changed('s2-try1', attribute('temporal.activity.attempt', undefined)),
    ],
    [
      'an attempt below another activity',
      'attempts',
      'RunActivity:Create Order (s1-try1): found the parent StartActivity:Reserve Inventory (s2-start)',
      changed('s1-try1', having({ parentSpanId: 's2-start' })),
    ],
    ...(
      [
        ['saga', 'SERVER', 'INTERNAL'],
        ['s1', 'INTERNAL', 'CLIENT'],
        ['c1', 'INTERNAL', 'CLIENT'],
        ['start', 'CLIENT', 'INTERNAL'],
        ['run', 'SERVER', 'INTERNAL'],
        ['s1-start', 'CLIENT', 'INTERNAL'],
        ['s1-try1', 'SERVER', 'INTERNAL'],
        ['http', 'SERVER', 'CLIENT'],
        ['server', 'CLIENT', 'SERVER'],
        ['db', 'INTERNAL', 'CLIENT'],
      ] as const
    ).map(([spanId, kind, expected]): [string, string, string, StoredSpan[]] => [
      `${spanId} of the kind ${kind}`,
      'kind',
      `(${spanId}): found ${kind}, expected ${expected}`,
      changed(spanId, having({ kind })),
    ]),
    ...(
      [
        ['saga', 'saga.type', 'choreography'],
        ['saga', 'saga.id', 'run-2'],
        ['saga', 'order.id', 'o-2'],
        ['saga', 'customer.id', undefined],
        ['saga', 'items.count', 2],
        ['s1', 'saga.step', 'make_order'],
        ['s1', 'saga.step.number', '1'],
        ['s1', 'saga.step.type', undefined],
        ['s1', 'order.id', undefined],
        ['s1', 'saga.id', undefined],
        ['s2', 'items.count', undefined],
        ['s3', 'payment.amount', 5998],
        ['s3', 'payment.currency', 'USD'],
        ['c2', 'saga.step', 'reserve_inventory'],
        ['c2', 'saga.step.number', 1],
        ['c2', 'saga.step.type', 'action'],
        ['c2', 'order.id', undefined],
        ['c2', 'saga.id', undefined],
        ['run', 'temporalWorkflowId', 'order-o-2'],
        ['run', 'run_id', 'run-2'],
      ] as const
    ).map(([spanId, name, value]): [string, string, string, StoredSpan[]] => [
      `${name} = ${String(value)} on ${spanId}`,
      'attributes',
      `(${spanId}): found ${name} = ${value === undefined ? 'nothing' : JSON.stringify(value)}, expected`,
      changed(spanId, attribute(name, value)),
    ]),
    [
      'an ERROR without a type',
      'attributes',
      'Step: Process Payment (s3): found an ERROR without error.type',
      changed('s3', attribute('error.type', undefined)),
    ],
  ])('names %s', (_, rule, detail, spans) => {
    expect(detailsOf(rule, spans)).toContain(detail);
  });
});

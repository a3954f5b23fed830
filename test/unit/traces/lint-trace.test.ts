import { describe, expect, it } from '@jest/globals';
import type { StoredSpan } from '../../../src/telemetry/stored-span';
import { lintTrace } from '../../../src/traces/lint-trace';
import { DECLINED, declinedTrace } from './sample-trace';

const changed = (spanId: string, changes: Partial<StoredSpan>) =>
  declinedTrace().map((span) => (span.spanId === spanId ? { ...span, ...changes } : span));
const without = (spanId: string) => declinedTrace().filter((span) => span.spanId !== spanId);

describe('the linter of traces', () => {
  it('finds nothing in a good trace', () => {
    expect(lintTrace(declinedTrace(), DECLINED)).toEqual([]);
  });

  it('finds nothing when the root is a caller outside of this system', () => {
    expect(lintTrace(changed('root', { parentSpanId: 'caller' }), DECLINED)).toEqual([]);
  });

  it.each<[string, string, StoredSpan[]]>([
    ['a saga span that is lost', 'missing', without('saga')],
    ['a step that is lost', 'missing', without('s1')],
    ['a compensation that is lost', 'missing', without('c1')],
    ['an orphan', 'parent_present', without('run')],
    [
      'a second root',
      'one_root',
      changed('run', { parentSpanId: '' }).map((span) => {
        const { parentSpanId, ...root } = span;
        return parentSpanId === '' ? root : span;
      }),
    ],
    ['a span twice', 'no_duplicate', [...declinedTrace(), ...declinedTrace().slice(-1)]],
    ['a step twice', 'no_duplicate', [...declinedTrace(), ...changed('s1', { spanId: 's9' }).slice(3, 4)]],
    ['a compensation without a link', 'compensation_link', changed('c1', { links: [] })],
    [
      'a compensation linked to another step',
      'compensation_link',
      changed('c1', { links: [{ traceId: 't', spanId: 's2' }] }),
    ],
    ['events that are missing', 'events', changed('saga', { events: [] })],
    [
      'events in another order',
      'events',
      changed('saga', { events: [...declinedTrace()[2]!.events].reverse() }),
    ],
    ['a failed step that is OK', 'status', changed('s3', { status: { code: 'OK' } })],
    ['a failed saga that is OK', 'status', changed('saga', { status: { code: 'OK' } })],
    ['a compensation that is ERROR', 'status', changed('c2', { status: { code: 'ERROR' } })],
  ])('names %s', (_, rule, spans) => {
    expect(lintTrace(spans, DECLINED).map((breach) => breach.rule)).toContain(rule);
  });
});

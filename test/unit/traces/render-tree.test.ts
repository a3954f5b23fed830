import { describe, expect, it } from '@jest/globals';
import pc from 'picocolors';
import { isBusinessSpan } from '../../../src/traces/business-spans';
import { renderTrees } from '../../../src/traces/render-tree';
import { spanTrees } from '../../../src/traces/span-tree';
import { toJaeger, toOtlp } from '../../../src/traces/trace-formats';
import { declinedTrace, parkedTrace } from './sample-trace';
import { expiredTrace } from './sample-tcc';

const colors = pc.createColors(false);
const lines = (width: number) => {
  const spans = declinedTrace();
  return renderTrees(spanTrees(spans, isBusinessSpan), spans, { width, colors });
};

describe('the tree of a trace', () => {
  it("is the business's picture: the saga, its steps, and what each compensation undoes", () => {
    expect(lines(90)).toEqual([
      'Saga: Create Order                  ERROR    120 ms  Saga failed at payment step',
      '├─ Step: Create Order               OK        20 ms',
      '├─ Step: Reserve Inventory          OK        20 ms',
      '├─ Step: Process Payment            ERROR     20 ms  declined',
      '├─ Compensation: Release Inventory  OK        20 ms  ↩ Step: Reserve Inventory',
      '└─ Compensation: Cancel Order       OK        20 ms  ↩ Step: Create Order',
    ]);
  });

  it('shows what a phase of a TCC transaction confirms, and what one undoes', () => {
    const spans = expiredTrace();
    expect(renderTrees(spanTrees(spans, isBusinessSpan), spans, { width: 90, colors })).toEqual([
      'Saga: Create Order             ERROR    220 ms  Saga failed at payment step',
      '├─ Step: Create Order          OK        20 ms',
      '├─ TCC Transaction             ERROR    140 ms  TCC failed at confirm phase',
      '│  ├─ TCC Phase: Try           OK        40 ms',
      '│  ├─ TCC Phase: Confirm       ERROR     40 ms  ✓ TCC Phase: Try  too late',
      '│  └─ TCC Phase: Cancel        OK        40 ms  ↩ TCC Phase: Try',
      '└─ Compensation: Cancel Order  OK        20 ms  ↩ Step: Create Order',
    ]);
  });

  it('tells what has not ended from what has, and what was concluded from what was seen', () => {
    const spans = parkedTrace().map((span) =>
      span.name === 'Step: Create Order'
        ? { ...span, attributes: { ...span.attributes, 'saga.reconstructed': true } }
        : span,
    );
    const rows = renderTrees(spanTrees(spans, isBusinessSpan), spans, { width: 90, colors });
    expect(rows[0]).toMatch(/^Saga: Create Order +open /);
    expect(rows[1]).toMatch(/^├─ Step: Create Order +OK .*\(reconstructed\)$/);
    expect(rows[2]).not.toContain('reconstructed');
  });

  it.each([60, 80, 100, 120, 200])('fits into %d columns', (width) => {
    for (const line of lines(width)) expect(line.length).toBeLessThanOrEqual(width);
  });

  it('moves what is below a span that is left out up to the nearest that is shown', () => {
    const trees = spanTrees(declinedTrace(), ({ spanId }) => spanId === 'root' || spanId === 's1');
    expect(trees).toHaveLength(1);
    expect(trees[0]?.children.map(({ span }) => span.spanId)).toEqual(['s1']);
  });
});

describe('the formats that other tools open', () => {
  it('hold every span, with its parent and link', () => {
    const spans = declinedTrace();
    expect(JSON.stringify(toOtlp('t', spans)).match(/"startTimeUnixNano"/g)).toHaveLength(spans.length);
    expect(toJaeger('t', spans)).toMatchObject({
      data: [
        {
          processes: { p1: { serviceName: 'orders-cli' }, p2: { serviceName: 'order-service' } },
          spans: expect.arrayContaining([
            expect.objectContaining({
              operationName: 'Compensation: Cancel Order',
              references: [
                { refType: 'CHILD_OF', traceID: 't', spanID: 'saga' },
                { refType: 'FOLLOWS_FROM', traceID: 't', spanID: 's1' },
              ],
            }),
          ]),
        },
      ],
    });
  });
});

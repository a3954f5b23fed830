import { writeSync } from 'node:fs';
import { context, SpanKind, SpanStatusCode, trace, TraceFlags } from '@opentelemetry/api';
import { startTelemetry } from '../../../src/telemetry/start-telemetry';
import { openTraceStore } from '../../../src/telemetry/trace-store';
import { workflowSpanSink } from '../../../src/telemetry/workflow-span-sink';

/** What the sender knows of what it sent. */
export interface SenderReport {
  readonly traceId: string;
  readonly hostSpanId: string;
  readonly lost: number;
  /** Spans in the embedded store. */
  readonly stored: number;
}

const LINKED_SPAN_ID = '00000000000000aa';

/**
 * The worker's telemetry in a process of its own (the exporter loads modules in a way that Jest cannot run):
 * `otlp-sender.ts <dataDir> <name>…` ends one span per name, each exported before the next, all in one trace; then
 * one of a workflow with a link. Prints a {@link SenderReport}.
 */
async function main([dataDir = '', ...names]: string[]): Promise<void> {
  const telemetry = startTelemetry({ service: 'order-service', config: { dataDir, logLevel: 'silent' } });
  const host = telemetry.tracer.startSpan('StartWorkflow:orderSaga');
  const { traceId, spanId } = host.spanContext();
  for (const name of names) {
    context.with(trace.setSpan(context.active(), host), () => {
      telemetry.tracer.startSpan(name).end();
    });
    await telemetry.flush();
  }
  host.setStatus({ code: SpanStatusCode.ERROR }).end();
  const info = { workflowId: 'order-1', runId: 'r', unsafe: { isReplayingHistoryEvents: false } };
  await workflowSpanSink(telemetry).workflowSpans.changed.fn(info as never, {
    open: [],
    ended: [
      {
        name: 'Compensation: Cancel Order',
        kind: SpanKind.CLIENT,
        traceId,
        spanId: 'bbbbbbbbbbbbbbbb',
        traceState: 'vendor=abc',
        parentSpanId: spanId,
        scope: 'saga',
        start: 1_700_000_000_000,
        end: 1_700_000_000_005,
        status: { code: SpanStatusCode.OK },
        attributes: {},
        links: [{ traceId, spanId: LINKED_SPAN_ID, traceFlags: TraceFlags.SAMPLED }],
        events: [],
      },
    ],
  });
  await telemetry.shutdown();
  const stored = openTraceStore({ dataDir }).spansOf(traceId).length;
  const report: SenderReport = { traceId, hostSpanId: spanId, lost: telemetry.lostSpans(), stored };
  writeSync(1, JSON.stringify(report));
}

void main(process.argv.slice(2));

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
  await workflowSpanSink(telemetry).exporter.export.fn({ workflowId: 'order-1', runId: 'r' } as never, [
    {
      name: 'Compensation: Cancel Order',
      kind: SpanKind.CLIENT,
      spanContext: {
        traceId,
        spanId: 'bbbbbbbbbbbbbbbb',
        traceFlags: TraceFlags.SAMPLED,
        traceState: 'vendor=abc',
      },
      parentSpanId: spanId,
      startTime: [1_700_000_000, 0],
      endTime: [1_700_000_000, 5],
      status: { code: SpanStatusCode.OK },
      attributes: {},
      links: [
        // As it comes out of the isolate: a tracestate without methods.
        {
          context: {
            traceId,
            spanId: LINKED_SPAN_ID,
            traceFlags: TraceFlags.SAMPLED,
            traceState: {} as never,
          },
        },
      ],
      events: [],
      duration: [0, 5],
      ended: true,
      droppedAttributesCount: 0,
      droppedLinksCount: 0,
      droppedEventsCount: 0,
      instrumentationLibrary: { name: 'saga' },
    },
  ]);
  await telemetry.shutdown();
  const stored = openTraceStore({ dataDir }).spansOf(traceId).length;
  const report: SenderReport = { traceId, hostSpanId: spanId, lost: telemetry.lostSpans(), stored };
  writeSync(1, JSON.stringify(report));
}

void main(process.argv.slice(2));

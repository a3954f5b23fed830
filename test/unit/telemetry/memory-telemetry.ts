import type { Tracer } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace-base';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { registerPropagation } from '../../../src/telemetry/propagation';
import { partResource } from '../../../src/telemetry/resource';
import { RepeatableIdGenerator } from '../../../src/telemetry/span-ids';
import { PublicSpanExporter } from '../../../src/telemetry/span-processors';
import type { OpenSpanView } from '../../../src/telemetry/telemetry';

/** A part's tracing whose spans stay in memory, where a test can look at them. */
export interface MemoryTelemetry {
  readonly tracer: Tracer;
  readonly resource: Resource;
  readonly spanProcessor: SpanProcessor;
  readonly openSpans: OpenSpanView;
  /** In the order in which they ended. */
  spans(): ReadableSpan[];
  span(name: string): ReadableSpan;
}

/** @param exporter shared by parts whose spans are to be seen together. */
export function memoryTelemetry(service: string, exporter = new InMemorySpanExporter()): MemoryTelemetry {
  registerPropagation();
  const resource = partResource(service, {});
  const spanProcessor = new SimpleSpanProcessor(new PublicSpanExporter(exporter));
  const provider = new BasicTracerProvider({
    resource,
    idGenerator: new RepeatableIdGenerator(),
    spanProcessors: [spanProcessor],
  });
  return {
    tracer: provider.getTracer('test'),
    resource,
    spanProcessor,
    openSpans: { opened: () => undefined, ended: () => undefined },
    spans: () => exporter.getFinishedSpans(),
    span: (name) => {
      const found = exporter.getFinishedSpans().filter((span) => span.name === name);
      const [only] = found;
      if (only === undefined || found.length > 1) {
        const names = exporter.getFinishedSpans().map((span) => span.name);
        throw new Error(`${String(found.length)} spans are called ${name}; there are: ${names.join(', ')}`);
      }
      return only;
    },
  };
}

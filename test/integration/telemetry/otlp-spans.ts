import { bytesOf, protobufFields } from './protobuf';

/** A span as it arrived over OTLP. */
export interface ReceivedSpan {
  readonly service: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly traceState: string;
  readonly links: string[];
  readonly status: bigint | undefined;
}

/** The spans of an `ExportTraceServiceRequest`; field numbers of opentelemetry.proto.trace.v1. */
export function receivedSpans(request: Buffer): ReceivedSpan[] {
  return bytesOf(request, 1).flatMap((resourceSpans) => {
    const attributes = bytesOf(resourceSpans, 1).flatMap((resource) => bytesOf(resource, 1));
    const service = attributes.find((attribute) => String(bytesOf(attribute, 1)[0]) === 'service.name');
    const value = service && bytesOf(service, 2)[0];
    return bytesOf(resourceSpans, 2)
      .flatMap((scopeSpans) => bytesOf(scopeSpans, 2))
      .map((span) => ({
        service: String(value && bytesOf(value, 1)[0]),
        traceId: bytesOf(span, 1)[0]?.toString('hex') ?? '',
        spanId: bytesOf(span, 2)[0]?.toString('hex') ?? '',
        parentSpanId: bytesOf(span, 4)[0]?.toString('hex') ?? '',
        name: String(bytesOf(span, 5)[0]),
        traceState: String(bytesOf(span, 3)[0] ?? ''),
        links: bytesOf(span, 13).map((link) => bytesOf(link, 2)[0]?.toString('hex') ?? ''),
        status: bytesOf(span, 15)
          .flatMap(protobufFields)
          .find(({ number }) => number === 3)?.value as bigint | undefined,
      }));
  });
}

import type { Span, Tracer } from '@opentelemetry/api';
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { LogEvent } from 'kysely';
import { codeOf, errorTypeOf } from './error-type';
import { describeQuery } from './query-summary';
import { ATTR } from './semconv';

/**
 * A Kysely `log` hook that makes one CLIENT span per query, under the span that is active, and never throws.
 *
 * The span is named by the query's summary (`INSERT reservations`) and carries its text without any value. A
 * query outside of a recorded span (a migration, a readiness probe) makes none; nor do BEGIN, COMMIT and the like
 * that succeed: their time is the gap beside the query, and the span would cost more than it tells.
 *
 * @param namespace the database as its owner calls it: a file name, `database|schema`.
 * @example new Kysely({ dialect, log: databaseTracing(telemetry.tracer, 'sqlite', 'inventory') })
 */
export function databaseTracing(
  tracer: Tracer,
  system: 'sqlite' | 'postgresql',
  namespace: string,
): (event: LogEvent) => void {
  const clocks = new WeakMap<Span, () => number>();
  return (event) => {
    const parent = trace.getActiveSpan();
    if (parent?.isRecording() !== true) return;
    const { summary, operation, collection, text, transactionControl } = describeQuery(event.query.sql);
    if (transactionControl && event.level === 'query') return;
    const clock = clocks.get(parent) ?? startClock();
    clocks.set(parent, clock);
    const endTime = clock();
    const span = tracer.startSpan(
      summary,
      {
        kind: SpanKind.CLIENT,
        startTime: Math.max(endTime - event.queryDurationMillis, startOf(parent)),
        attributes: {
          [ATTR.dbSystemName]: system,
          [ATTR.dbNamespace]: namespace,
          [ATTR.dbOperationName]: operation,
          ...(collection !== undefined && { [ATTR.dbCollectionName]: collection }),
          [ATTR.dbQuerySummary]: summary,
          [ATTR.dbQueryText]: text,
        },
      },
      context.active(),
    );
    if (event.level === 'error') recordError(span, event.error);
    span.end(endTime);
  };
}

/**
 * The time, ms since 1970, as of now and monotonic from here on, finer than a millisecond: queries under one span keep
 * their order, also those that end in the same millisecond.
 */
function startClock(): () => number {
  const wall = Date.now();
  const startedAt = performance.now();
  return () => wall + (performance.now() - startedAt);
}

/** Clocks of spans have whole milliseconds: without this a quick query could seem to start before its cause. */
function startOf(parent: Span): number {
  const { startTime } = parent as { startTime?: unknown };
  return Array.isArray(startTime) ? Number(startTime[0]) * 1e3 + Number(startTime[1]) / 1e6 : 0;
}

/** The code alone: a database's message may quote the values that it complains about. */
function recordError(span: Span, error: unknown): void {
  const code = codeOf(error);
  if (code !== undefined) span.setAttribute(ATTR.dbResponseStatusCode, code);
  span.setAttribute(ATTR.errorType, errorTypeOf(error)).setStatus({ code: SpanStatusCode.ERROR });
}

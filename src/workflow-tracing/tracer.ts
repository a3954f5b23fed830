import { SpanKind, SpanStatusCode, TraceFlags, context, isSpanContextValid, trace } from '@opentelemetry/api';
import type {
  AttributeValue,
  Attributes,
  Context,
  Exception,
  Link,
  Span,
  SpanContext,
  SpanOptions,
  SpanStatus,
  TimeInput,
  Tracer,
  TracerProvider,
} from '@opentelemetry/api';
import { EXCEPTION_EVENT, EXCEPTION_MESSAGE, EXCEPTION_TYPE } from '../saga/semconv';
import type { EventData, LinkData, SpanData } from './span-data';

const TRACE_ID_LENGTH = 32;
const SPAN_ID_LENGTH = 16;

/**
 * The tracers of one workflow run, and what became of its spans since they were last {@link take}n.
 *
 * It stands in the workflow's isolate for OpenTelemetry's SDK, which would be evaluated anew for every run: that costs
 * more than all of an order's spans. Ids come from the workflow's own random stream, drawn as the SDK draws them, so
 * that a replay makes the same ones; times are the workflow's, in milliseconds.
 */
export class WorkflowSpans implements TracerProvider {
  readonly #changed = new Set<WorkflowSpan>();

  getTracer(scope: string): Tracer {
    return new WorkflowTracer(scope, (span) => {
      // The one that changed last comes last: ended spans are told in the order of their ends.
      this.#changed.delete(span);
      this.#changed.add(span);
    });
  }

  /** The spans that have changed since the last time, as they are now; undefined when none has. */
  take(): { readonly ended: SpanData[]; readonly open: SpanData[] } | undefined {
    if (this.#changed.size === 0) return undefined;
    const ended: SpanData[] = [];
    const open: SpanData[] = [];
    for (const { data } of this.#changed) (data.end === undefined ? open : ended).push(data);
    this.#changed.clear();
    return { ended, open };
  }
}

type OnChange = (span: WorkflowSpan) => void;

class WorkflowTracer implements Tracer {
  readonly #scope: string;
  readonly #onChange: OnChange;

  constructor(scope: string, onChange: OnChange) {
    this.#scope = scope;
    this.#onChange = onChange;
  }

  /** Not recorded when the parent was not sampled; without a parent, it is. */
  startSpan(name: string, options: SpanOptions = {}, parentContext = context.active()): Span {
    const spanId = randomHex(SPAN_ID_LENGTH);
    const parent = options.root === true ? undefined : trace.getSpanContext(parentContext);
    const isChild = parent !== undefined && isSpanContextValid(parent);
    const spanContext: SpanContext = {
      traceId: isChild ? parent.traceId : randomHex(TRACE_ID_LENGTH),
      spanId,
      traceFlags: isChild ? parent.traceFlags & TraceFlags.SAMPLED : TraceFlags.SAMPLED,
      ...(isChild && parent.traceState !== undefined && { traceState: parent.traceState }),
    };
    if ((spanContext.traceFlags & TraceFlags.SAMPLED) === 0) return trace.wrapSpanContext(spanContext);
    return new WorkflowSpan(spanContext, this.#onChange, {
      name,
      scope: this.#scope,
      kind: options.kind ?? SpanKind.INTERNAL,
      ...(isChild && { parentSpanId: parent.spanId }),
      ...(isChild && parent.isRemote === true && { remoteParent: true }),
      start: millisecondsOf(options.startTime),
      attributes: { ...options.attributes },
      links: (options.links ?? []).map(linkData),
    });
  }

  startActiveSpan<F extends (span: Span) => unknown>(name: string, fn: F): ReturnType<F>;
  startActiveSpan<F extends (span: Span) => unknown>(
    name: string,
    options: SpanOptions,
    fn: F,
  ): ReturnType<F>;
  startActiveSpan<F extends (span: Span) => unknown>(
    name: string,
    options: SpanOptions,
    parent: Context,
    fn: F,
  ): ReturnType<F>;
  startActiveSpan<F extends (span: Span) => unknown>(
    name: string,
    ...args: [F] | [SpanOptions, F] | [SpanOptions, Context, F]
  ): ReturnType<F> {
    const fn = args.at(-1) as F;
    const options = args.length > 1 ? (args[0] as SpanOptions) : {};
    const parent = args.length > 2 ? (args[1] as Context) : context.active();
    const span = this.startSpan(name, options, parent);
    return context.with(trace.setSpan(parent, span), () => fn(span)) as ReturnType<F>;
  }
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

class WorkflowSpan implements Span {
  readonly #context: SpanContext;
  readonly #onChange: OnChange;
  readonly #events: EventData[] = [];
  readonly #links: LinkData[];
  readonly #attributes: Attributes;
  readonly data: Mutable<SpanData>;

  constructor(
    spanContext: SpanContext,
    onChange: OnChange,
    begun: Pick<SpanData, 'name' | 'scope' | 'kind' | 'parentSpanId' | 'remoteParent' | 'start'> & {
      readonly attributes: Attributes;
      readonly links: LinkData[];
    },
  ) {
    const { traceId, spanId, traceState } = spanContext;
    this.#context = spanContext;
    this.#onChange = onChange;
    this.#attributes = begun.attributes;
    this.#links = begun.links;
    this.data = {
      ...begun,
      traceId,
      spanId,
      ...(traceState !== undefined && { traceState: traceState.serialize() }),
      status: { code: SpanStatusCode.UNSET },
      events: this.#events,
    };
    onChange(this);
  }

  spanContext(): SpanContext {
    return this.#context;
  }

  isRecording(): boolean {
    return this.data.end === undefined;
  }

  setAttribute(name: string, value: AttributeValue): this {
    return this.setAttributes({ [name]: value });
  }

  setAttributes(attributes: Attributes): this {
    return this.#change(() => Object.assign(this.#attributes, attributes));
  }

  addEvent(name: string, attributesOrTime?: Attributes | TimeInput, time?: TimeInput): this {
    const [attributes, at] = isTime(attributesOrTime)
      ? [undefined, attributesOrTime]
      : [attributesOrTime, time];
    return this.#change(() =>
      this.#events.push({ name, time: millisecondsOf(at), ...(attributes && { attributes }) }),
    );
  }

  addLink(link: Link): this {
    return this.addLinks([link]);
  }

  addLinks(links: Link[]): this {
    return this.#change(() => this.#links.push(...links.map(linkData)));
  }

  setStatus(status: SpanStatus): this {
    return this.#change(() => (this.data.status = { ...status }));
  }

  updateName(name: string): this {
    return this.#change(() => (this.data.name = name));
  }

  recordException(exception: Exception, time?: TimeInput): void {
    const { name, message } =
      typeof exception === 'string' ? { name: undefined, message: exception } : exception;
    this.addEvent(EXCEPTION_EVENT, { [EXCEPTION_TYPE]: name, [EXCEPTION_MESSAGE]: message }, time);
  }

  end(time?: TimeInput): void {
    this.#change(() => (this.data.end = Math.max(this.data.start, millisecondsOf(time))));
  }

  /** What has ended stays as it is. */
  #change(change: () => unknown): this {
    if (this.isRecording()) {
      change();
      this.#onChange(this);
    }
    return this;
  }
}

function isTime(value: Attributes | TimeInput | undefined): value is TimeInput {
  return typeof value === 'number' || value instanceof Date || Array.isArray(value);
}

/** Now, where no time is given. */
function millisecondsOf(time: TimeInput | undefined): number {
  if (time === undefined) return Date.now();
  if (typeof time === 'number') return time;
  return time instanceof Date ? time.getTime() : time[0] * 1_000 + time[1] / 1_000_000;
}

/** The link's `traceState` has methods, which do not pass the isolate's edge. */
function linkData({ context: { traceId, spanId, traceFlags }, attributes }: Link): LinkData {
  return { traceId, spanId, traceFlags, ...(attributes !== undefined && { attributes }) };
}

function randomHex(length: number): string {
  let hex = '';
  for (let digit = 0; digit < length; digit++) hex += Math.floor(Math.random() * 16).toString(16);
  return hex;
}

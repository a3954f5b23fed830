import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { INSTALL_JAEGER, jaegerBinary } from '../../scripts/tools/jaeger-binary';
import { spawnGuarded } from '../../src/temporal/guarded-child';
import type { GuardedChild } from '../../src/temporal/guarded-child';
import { findFreePort } from '../../src/temporal/ports';
import { eventually } from './eventually';

/** A span as Jaeger keeps it. */
export interface JaegerSpan {
  readonly service: string;
  readonly traceId: string;
  readonly spanId: string;
  /** `undefined` for a root. */
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly kind: 'INTERNAL' | 'SERVER' | 'CLIENT' | 'PRODUCER' | 'CONSUMER' | 'UNSPECIFIED';
  readonly status: 'UNSET' | 'OK' | 'ERROR';
  /** Values as Jaeger's search compares them: text. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
}

/** What Jaeger's search page asks for. */
export interface TraceQuery {
  readonly service: string;
  readonly operation?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

const HOST = '127.0.0.1';
const START_LIMIT_MS = 30_000;
const END_LIMIT_MS = 5_000;
const SEARCH_LIMIT = 1_000;
const KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'] as const;
const STATUSES = ['UNSET', 'OK', 'ERROR'] as const;

/**
 * A real Jaeger on ports of its own; it ends with this process at the latest, and leaves no file.
 *
 * It keeps what it receives twice. Searches go to the embedded Badger: Jaeger 1.76's in-memory store takes the
 * value of `error=true` for a text, which is never true, and so finds the spans that are OK instead. Traces are
 * read from the in-memory store: Badger would overwrite a span by its duplicate, which must be seen.
 */
export class Jaeger {
  private constructor(
    /** For `OTEL_EXPORTER_OTLP_ENDPOINT`. */
    readonly otlpEndpoint: string,
    readonly searchUrl: string,
    readonly tracesUrl: string,
    readonly child: GuardedChild,
    readonly directory: string,
  ) {}

  /** Starts one and returns when it answers and takes spans. */
  static async start(): Promise<Jaeger> {
    const binary = jaegerBinary(process.env);
    if (!existsSync(binary)) {
      throw new Error(`This test needs Jaeger, which is not at ${binary}: run \`${INSTALL_JAEGER}\` first`);
    }
    const directory = await mkdtemp(path.join(os.tmpdir(), 'durable-orders-jaeger-'));
    const [otlp = 0, search = 0, traces = 0] = await freePorts(3);
    const file = path.join(directory, 'jaeger.json');
    await writeFile(file, JSON.stringify(configuration({ otlp, search, traces })));
    const child = await spawnGuarded(binary, ['--config', file], {
      // Badger puts its files there.
      environment: { PATH: process.env['PATH'], TMPDIR: directory },
    });
    const url = (port: number) => `http://${HOST}:${String(port)}`;
    const jaeger = new Jaeger(url(otlp), url(search), url(traces), child, directory);
    try {
      await jaeger.#answers();
      return jaeger;
    } catch (error) {
      await jaeger.stop();
      throw error;
    }
  }

  /** The ids of the traces that its search finds by `/api/traces`, which is what the UI asks. */
  async search({ service, operation, tags }: TraceQuery): Promise<string[]> {
    const query = new URLSearchParams({ service, limit: String(SEARCH_LIMIT) });
    if (operation !== undefined) query.set('operation', operation);
    if (tags !== undefined) query.set('tags', JSON.stringify(tags));
    const found = (await getJson(`${this.searchUrl}/api/traces?${query.toString()}`)) as {
      data: { traceID: string }[];
    };
    // This API leaves out the first half of an id when it is zero.
    return found.data.map(({ traceID }) => traceID.padStart(32, '0'));
  }

  /** Every span of one trace as it was received, duplicates too, by `/api/v3`; none when the trace is unknown. */
  async spansOf(traceId: string): Promise<JaegerSpan[]> {
    // Not raw, Jaeger would drop duplicates and correct clocks.
    const found = await getJson(`${this.tracesUrl}/api/v3/traces/${traceId}?raw_traces=true`);
    return found === undefined ? [] : spansIn(found as V3Answer);
  }

  async stop(): Promise<void> {
    await this.child.end(END_LIMIT_MS);
    await rm(this.directory, { recursive: true, force: true });
  }

  async #answers(): Promise<void> {
    let ended = false;
    void this.child.ended.then(() => (ended = true));
    await eventually(
      async () => {
        if (ended) throw new Error(`Jaeger did not start:\n${this.child.outputTail().join('\n')}`);
        return Promise.all([
          answers(`${this.searchUrl}/api/services`),
          answers(`${this.tracesUrl}/api/services`),
          answers(`${this.otlpEndpoint}/v1/traces`, EMPTY_EXPORT),
        ]);
      },
      (each) => each.every(Boolean),
      'Jaeger answers',
      START_LIMIT_MS,
    );
  }
}

/** An OTLP request without spans. */
const EMPTY_EXPORT = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' };

/** As `--config` takes it (YAML, of which JSON is a part); everything that needs no port has none. */
function configuration(ports: Record<'otlp' | 'search' | 'traces', number>) {
  const http = (port: number) => ({ endpoint: `${HOST}:${String(port)}` });
  const query = (traces: string, port: number) => ({
    storage: { traces },
    http: http(port),
    grpc: { endpoint: `${HOST}:0` },
  });
  return {
    service: {
      extensions: ['jaeger_storage', 'jaeger_query/search', 'jaeger_query/traces'],
      pipelines: {
        traces: {
          receivers: ['otlp'],
          exporters: ['jaeger_storage_exporter/search', 'jaeger_storage_exporter/traces'],
        },
      },
      telemetry: { metrics: { level: 'none' }, logs: { level: 'warn' } },
    },
    extensions: {
      jaeger_storage: {
        backends: { badger: { badger: { ephemeral: true } }, memory: { memory: { max_traces: 100_000 } } },
      },
      'jaeger_query/search': query('badger', ports.search),
      'jaeger_query/traces': query('memory', ports.traces),
    },
    receivers: { otlp: { protocols: { http: http(ports.otlp) } } },
    exporters: {
      'jaeger_storage_exporter/search': { trace_storage: 'badger' },
      'jaeger_storage_exporter/traces': { trace_storage: 'memory' },
    },
  };
}

async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await findFreePort(HOST));
  return [...ports];
}

async function answers(url: string, init?: RequestInit): Promise<boolean> {
  try {
    const response = await fetch(url, init ?? {});
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

/** `undefined` for 404, which is how `/api/v3` says that there is no such trace. */
async function getJson(url: string): Promise<unknown> {
  const response = await fetch(url);
  const text = await response.text();
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Error(`Jaeger answered ${String(response.status)} to ${url}: ${text}`);
  return JSON.parse(text);
}

/** OTLP's JSON (https://opentelemetry.io/docs/specs/otlp), as far as it is read here. */
interface V3Answer {
  readonly result: {
    readonly resourceSpans: readonly {
      readonly resource: { readonly attributes?: readonly V3Attribute[] };
      readonly scopeSpans: readonly { readonly spans: readonly V3Span[] }[];
    }[];
  };
}

interface V3Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface V3Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind?: number;
  readonly status?: { readonly code?: number };
  readonly attributes?: readonly V3Attribute[];
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
}

function spansIn({ result }: V3Answer): JaegerSpan[] {
  return result.resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = texts(resource.attributes)['service.name'] ?? '';
    return scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        service,
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId,
        name: span.name,
        kind: KINDS[span.kind ?? 0] ?? 'UNSPECIFIED',
        status: STATUSES[span.status?.code ?? 0] ?? 'UNSET',
        attributes: texts(span.attributes),
        links: (span.links ?? []).map(({ traceId, spanId }) => ({ traceId, spanId })),
      })),
    );
  });
}

/** Each value is an object with one field, named after the type. */
function texts(attributes: readonly V3Attribute[] = []): Record<string, string> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, String(Object.values(value)[0])]));
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { ProblemError } from '../http/problem';
import type { ServiceApp } from './service-app';

/**
 * What a service can be told to do to the next requests for an operation:
 *
 * - `fail`: answers 503, nothing done;
 * - `lose_reply`: does what was asked, then breaks the connection (the caller cannot know: execute-and-timeout);
 * - `late`: does what was asked and answers `delayMs` later;
 * - `duplicate`: does what was asked twice, as if the network had delivered it twice, and answers the second one;
 * - `reorder`: does nothing until another request has been answered (its own repeat, say, or the undo), at most
 *   `delayMs`; then does what was asked, out of order.
 */
const KINDS = ['fail', 'lose_reply', 'late', 'duplicate', 'reorder'] as const;

const faultSchema = z.strictObject({
  /** `POST /payments`. */
  operation: z.string(),
  kind: z.enum(KINDS),
  /** How many requests it befalls. */
  times: z.int().min(1).max(1_000_000).default(1),
  delayMs: z.int().min(0).max(600_000).default(1_000),
});
const faultsSchema = z.strictObject({ faults: z.array(faultSchema).max(100) });

type Fault = z.infer<typeof faultSchema>;

const PATH = '/faults';
/** Set on the first of two deliveries. */
const AGAIN_HEADER = 'x-delivered-again';

/**
 * Lets whoever tests a system tell this service to misbehave: `PUT /faults` replaces what it is told, `GET /faults` says
 * what is left of it. Only there when `FAULTS=on`, which production refuses.
 */
export function injectFaults(app: ServiceApp): void {
  let faults: Fault[] = [];
  const operations = new Set<string>();
  const befallen = new WeakMap<FastifyRequest, Fault>();
  const held = new Set<() => void>();

  app.addHook('onRoute', ({ method, url }) => {
    if (method === 'POST') operations.add(`${method} ${url}`);
  });

  app.get(PATH, () => ({ faults }));
  app.put(PATH, { schema: { body: faultsSchema } }, (request) => {
    const told = request.body.faults;
    assertKnown(told, operations);
    faults = told;
    return { faults };
  });

  // The request is known to be valid: what happens to it now happens to one that would have had its effect.
  app.addHook('preHandler', async (request) => {
    const fault = request.headers[AGAIN_HEADER] === undefined ? take(request) : undefined;
    if (fault === undefined) return;
    request.log.warn({ fault: fault.kind, operation: fault.operation }, 'a fault, as told');
    befallen.set(request, fault);
    if (fault.kind === 'fail') throw new ProblemError('fault_injected', 'The service was told to fail');
    if (fault.kind === 'duplicate') await deliver(request);
    if (fault.kind === 'reorder') await Promise.race([pause(fault.delayMs), anotherAnswer()]);
  });
  app.addHook('onSend', async (request) => {
    const fault = befallen.get(request);
    if (fault?.kind === 'late') await pause(fault.delayMs);
    if (fault?.kind === 'lose_reply') request.raw.socket.destroy();
  });
  app.addHook('onResponse', (request, _reply, done) => {
    if (request.method === 'POST') {
      for (const release of held) release();
      held.clear();
    }
    done();
  });

  function take({ method, routeOptions: { url } }: FastifyRequest): Fault | undefined {
    const index = faults.findIndex(({ operation }) => operation === `${method} ${String(url)}`);
    const fault = faults[index];
    if (fault === undefined) return undefined;
    faults = faults.flatMap((other, at) => {
      if (at !== index) return [other];
      return other.times === 1 ? [] : [{ ...other, times: other.times - 1 }];
    });
    return fault;
  }

  async function deliver({ url, headers, body }: FastifyRequest): Promise<void> {
    const { 'content-length': _, ...kept } = headers;
    await app.inject({
      method: 'POST',
      url,
      headers: { ...kept, [AGAIN_HEADER]: '1' },
      payload: JSON.stringify(body),
    });
  }

  function anotherAnswer(): Promise<void> {
    return new Promise((release) => held.add(release));
  }
}

/** Keeps no process from ending. */
async function pause(ms: number): Promise<void> {
  await sleep(ms, undefined, { ref: false });
}

function assertKnown(faults: readonly Fault[], operations: ReadonlySet<string>): void {
  const message = `must be one of ${[...operations].sort().join(', ')}`;
  const errors = faults.flatMap(({ operation }, index) =>
    operations.has(operation) ? [] : [{ field: `faults[${String(index)}].operation`, message }],
  );
  const [first] = errors;
  if (first === undefined) return;
  throw new ProblemError('invalid_request', `Invalid body: ${first.field}: ${message}`, { errors });
}

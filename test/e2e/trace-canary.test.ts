import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Database from 'libsql';
import { traceDatabasePath } from '../../src/telemetry/trace-database';
import { openOrders } from '../../src/orders/open-orders';
import { noTracer } from '../../src/cli/session';
import type { ServiceName } from '../../src/config/config';
import { PART_NAMES } from '../../src/stack/start-part';
import { canariesIn, newCanary } from '../support/canary';
import { orders } from '../support/cli';
import type { CliResult } from '../support/cli';
import { eventually } from '../support/eventually';
import { RecordingProxy } from '../support/recording-proxy';
import type { OtherAnswer } from '../support/recording-proxy';
import { TestStack } from '../support/stack';
import { startParts } from '../support/stack-processes';
import type { TsProcess } from '../support/ts-process';

/** What a customer or an operator types, and nobody else is to see. */
const ADDRESS = {
  name: newCanary('NAME'),
  line1: newCanary('LINE1'),
  line2: newCanary('LINE2'),
  city: newCanary('CITY'),
  'postal-code': newCanary('ZIP'),
};
const TOKEN = `pm_${newCanary('TOKEN')}`;
const SKU = newCanary('SKU');
const OPERATOR = { by: newCanary('BY'), reason: newCanary('REASON') };
/** What a service quotes in an answer that nobody has read before. */
const QUOTED = { detail: newCanary('DETAIL'), code: newCanary('CODE'), other: newCanary('OTHER') };

/** What the services know their callers by. */
const SERVICE_TOKEN = newCanary('SERVICE') + newCanary('TOKEN');

const CANARIES = [
  ...Object.values(ADDRESS),
  TOKEN,
  SKU,
  ...Object.values(OPERATOR),
  ...Object.values(QUOTED),
  SERVICE_TOKEN,
  // The sandbox's own tokens are no canaries, and are tokens all the same.
  'pm_card_',
];

/** How much of a line that leaks is shown, in characters. */
const SHOWN = 2_000;

const SERVICES = ['order', 'inventory', 'payment', 'shipping'] as const satisfies readonly ServiceName[];
const proxies = new Map<ServiceName, RecordingProxy>();
const proxyOf = (service: ServiceName) => proxies.get(service)!;
let stack: TestStack;
let parts: TsProcess[] = [];
const commands: CliResult[] = [];

async function run(args: readonly string[], settings: Readonly<Record<string, string>> = {}) {
  const result = await orders([...args, '--json'], { ...stack.environment, ...settings });
  commands.push(result);
  return JSON.parse(result.stdout) as { status?: string; error?: object };
}

const place = (
  orderId: string,
  flags: readonly string[] = [],
  settings?: Readonly<Record<string, string>>,
) => {
  const address = Object.entries(ADDRESS).flatMap(([name, value]) => [`--${name}`, value]);
  return run(['start', '--sample', ...address, '--order-id', orderId, ...flags], settings);
};

/** The answers of services that quote what they were sent, by the order that gets them. */
function quoting(
  orderId: string,
  service: ServiceName,
  route: string,
  status: number,
  body: OtherAnswer['body'],
) {
  const proxy = proxyOf(service);
  const { answer } = proxy;
  proxy.answer = (request) =>
    request.route === route && request.body.includes(`"${orderId}"`) ? { status, body } : answer(request);
}

beforeAll(async () => {
  for (const name of SERVICES) proxies.set(name, await RecordingProxy.start());
  const urls = SERVICES.map((name) => [`${name.toUpperCase()}_SERVICE_URL`, proxyOf(name).url] as const);
  stack = await TestStack.start({ LOG_LEVEL: 'trace', SERVICE_TOKEN, ...Object.fromEntries(urls) }, []);
  for (const name of SERVICES) {
    proxyOf(name).target = `http://127.0.0.1:${String(stack.config.services[name].port)}`;
  }
  parts = await startParts(stack, PART_NAMES);
});
afterAll(async () => {
  await Promise.all(parts.map((part) => part.dispose()));
  await Promise.all([...proxies.values()].map((proxy) => proxy.stop()));
  await stack.stop();
});

describe('what a customer types', () => {
  const problem = (code: string) => ({ code, detail: QUOTED.detail, title: QUOTED.other, [QUOTED.other]: 1 });

  it.each<[string, string, string[]]>([
    ['completed', 'completed', []],
    ['declined', 'failed', ['--payment', TOKEN]],
    ['no-carrier', 'failed', ['--country', 'AQ']],
    ['payment-unknown', 'failed', ['--payment', 'pm_card_timeout']],
    ['shipping-unknown', 'failed', ['--country', 'XX']],
    ['parked', 'needs_attention', ['--country', 'AQ', '--payment', 'pm_card_refund_fails']],
  ])('goes into an order that ends %s', async (outcome, status, flags) => {
    expect(await place(`canary-${outcome}`, flags)).toMatchObject({ status });
  });

  it('goes into an order that an operator gives up', async () => {
    const { by, reason } = OPERATOR;
    const skip = ['skip', 'canary-parked', '--step', 'refund_payment', '--reason', reason, '--by', by];
    expect(await run(skip)).toMatchObject({ status: 'failed' });
  });

  it('goes into an order that is cancelled', async () => {
    const { by, reason } = OPERATOR;
    const settings = { SAGA_STEP_MAX_ATTEMPTS_CREATE_SHIPMENT: '1000', ORDER_WAIT_MS: '200' };
    expect(await place('canary-cancelled', ['--country', 'XX'], settings)).toMatchObject({
      status: 'running',
    });
    const cancel = ['cancel', 'canary-cancelled', '--reason', reason, '--by', by];
    expect(await run(cancel)).toMatchObject({ status: 'cancelled' });
  });

  it('goes into an order of something that is not sold', async () => {
    expect(await place('canary-sku', ['--item', SKU])).toHaveProperty('error');
  });

  it.each<[string, ServiceName, string, number, OtherAnswer['body']]>([
    ['refused', 'payment', 'POST /payments', 402, problem('payment_declined')],
    ['out-of-stock', 'inventory', 'POST /reservations', 409, problem('out_of_stock')],
    ['failing', 'shipping', 'POST /shipments', 503, problem('carrier_unavailable')],
    ['odd', 'inventory', 'POST /reservations', 400, problem(QUOTED.code)],
    ['broken', 'order', 'POST /orders', 500, { message: QUOTED.other, stack: QUOTED.detail }],
  ])('is quoted by a service whose answer is %s', async (answer, service, route, status, body) => {
    const orderId = `canary-answer-${answer}`;
    quoting(orderId, service, route, status, body);
    expect(await place(orderId)).toMatchObject({ status: 'failed' });
  });

  it('is quoted by a service that refuses to undo', async () => {
    quoting('canary-undo', 'inventory', 'POST /releases', 422, problem('refund_refused'));
    expect(await place('canary-undo', ['--country', 'AQ'])).toMatchObject({ status: 'needs_attention' });
  });

  it.each([
    [
      'is no order',
      JSON.stringify({ orderId: 'canary-body', address: { name: ADDRESS.name, zip: ADDRESS.city } }),
    ],
    ['is no JSON', `{"orderId":"canary-body","address":${ADDRESS.name}`],
  ])('goes to a service in a body that %s', async (_, body) => {
    const answer = await fetch(`${proxyOf('shipping').target}/shipments`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'idempotency-key': 'canary-body',
        authorization: `Bearer ${SERVICE_TOKEN}`,
      },
      body,
    });
    expect(answer.status).toBe(400);
  });
});

/**
 * Where everybody can look, each by what it is called in a failure. The metrics' labels will be one more: one text
 * per part, its `/metrics`.
 */
const SURFACES: Readonly<Record<string, () => Promise<readonly string[]> | readonly string[]>> = {
  'a span': storedRows,
  'a log': () => [
    ...parts.flatMap(({ stdout, stderr }) => [...stdout.split('\n'), ...stderr.split('\n')]),
    // The rest of the CLI's stderr are its words to whoever typed the command.
    ...commands.flatMap(({ stderr }) => stderr.split('\n')).filter((line) => line.startsWith('{')),
  ],
  'what Temporal shows of a workflow': describedWorkflows,
  // But `Authorization`, which is there for a secret.
  'a header on the wire': () =>
    [...proxies.values()].flatMap(({ requests }) =>
      requests.map(
        ({ route, headers: { authorization: _, ...others } }) => `${route} ${JSON.stringify(others)}`,
      ),
    ),
};

describe('what a customer types, and what a service quotes of it,', () => {
  beforeAll(async () => {
    // The spans that are open at the end, and what a part says when it stops, count too.
    for (const part of parts) part.signal('SIGTERM');
    await Promise.all(parts.map((part) => part.ended));
  });

  it('went through all of the services', () => {
    const bodies = [...proxies.values()]
      .flatMap(({ requests }) => requests.map(({ body }) => body))
      .join('\n');
    expect(canariesIn(bodies, CANARIES).sort()).toEqual(
      [...Object.values(ADDRESS), TOKEN, 'pm_card_'].sort(),
    );
  });

  it.each(Object.keys(SURFACES))('is in no line of %s', async (name) => {
    const lines = await SURFACES[name]!();
    expect(lines.length).toBeGreaterThan(10);
    const leaks = lines.flatMap((line) =>
      canariesIn(line, CANARIES).map((canary) => `${canary} in ${line.slice(0, SHOWN)}`),
    );
    expect(leaks.slice(0, 20)).toEqual([]);
  });
});

/** Every row of every table of the store, whatever its columns. */
function storedRows(): string[] {
  const database = new Database(traceDatabasePath(stack.config));
  try {
    const tables = database.prepare("select name from sqlite_master where type = 'table'").all() as {
      name: string;
    }[];
    return tables.flatMap(({ name }) =>
      database
        .prepare(`select * from "${name}"`)
        .all()
        .map((row) => JSON.stringify(row)),
    );
  } finally {
    database.close();
  }
}

/** Ids, memos and search attributes: what anybody sees who may list workflows. Payloads are for workers alone. */
async function describedWorkflows(): Promise<string[]> {
  const { client, temporal, close } = await openOrders(
    stack.config,
    { tracer: noTracer() },
    { environment: stack.environment },
  );
  try {
    const { namespace, connection } = temporal;
    const listed = await eventually(
      async () => {
        const found = [];
        for await (const { workflowId } of client.workflow.list()) found.push(workflowId);
        return found;
      },
      (found) => found.length >= 13,
      'all workflows are listed',
    );
    return await Promise.all(
      listed.map(async (workflowId) => {
        const described = await connection.workflowService.describeWorkflowExecution({
          namespace,
          execution: { workflowId },
        });
        return JSON.stringify(described, bytesAsText);
      }),
    );
  } finally {
    await close();
  }
}

/** For `JSON.stringify`, which would write bytes as numbers, each under a name of its own. */
function bytesAsText(this: Record<string, unknown>, name: string, value: unknown): unknown {
  const raw = this[name];
  return raw instanceof Uint8Array ? Buffer.from(raw).toString('utf8') : value;
}

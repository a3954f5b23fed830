import { randomInt } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { sampleOrder } from '../support/orders';
import { faultsOfDocument, fuzz } from '../support/schemathesis/fuzz';
import type { FuzzReport } from '../support/schemathesis/fuzz-report';
import { TestStack } from '../support/stack';
import { JWT_SECRET, signToken } from '../support/tokens';

/** A failure is repeated with `FUZZ_SEED=<the seed that it names>`. */
const SEED = Number(process.env['FUZZ_SEED'] ?? randomInt(1_000_000));
const MIN_REQUESTS = 2_000;
/** On a busy machine; else it takes about a minute. */
const LIMIT_MS = 600_000;
const MAX_EXAMPLES = 200;
/** With bearer tokens, where it is about who may do what. */
const MAX_EXAMPLES_WITH_AUTH = 15;

/** Orders to XX wait for their carrier for ever, so that there are some that run. */
const SETTINGS = {
  ORDER_WAIT_MS: '500',
  SAGA_STEP_MAX_ATTEMPTS_CREATE_SHIPMENT: '1000',
  SAGA_STEP_BACKOFF_INITIAL_MS_CREATE_SHIPMENT: '600000',
  SAGA_STEP_BACKOFF_MAX_MS_CREATE_SHIPMENT: '600000',
};

/** Every check of schemathesis's that can be about this API. */
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_schema_conformance',
  'response_headers_conformance',
  'negative_data_rejection',
  'positive_data_acceptance',
  'unsupported_method',
  'allow_header_conformance',
];

const OPERATIONS = [
  'POST /orders',
  'GET /orders',
  'GET /orders/{id}',
  'GET /orders/{id}/trace',
  'POST /orders/{id}/cancel',
  'GET /attention',
  'POST /orders/{id}/compensations/{step}/retry',
  'POST /orders/{id}/compensations/{step}/skip',
];

describe('the API, to a client that knows nothing but its OpenAPI document', () => {
  let stack: TestStack | undefined;

  afterEach(() => stack?.stop());

  async function start(settings: Readonly<Record<string, string>> = {}): Promise<string> {
    stack = await TestStack.start({ ...SETTINGS, ...settings });
    return `http://127.0.0.1:${String(stack.config.gateway.port)}`;
  }

  it(
    'answers as documented, whatever it is asked',
    async () => {
      const url = await start();
      const document = (await (await fetch(`${url}/openapi.json`)).json()) as OpenApiDocument;
      expect(await faultsOfDocument(document)).toBe('');
      expect(operationsOf(document).sort()).toEqual([...OPERATIONS].sort());

      await placeOrdersOfEveryKind(url);
      const report = await fuzz({ url, seed: SEED, maxExamples: MAX_EXAMPLES });

      expectPassed(report);
      expect(report.requests).toBeGreaterThanOrEqual(MIN_REQUESTS);
      expect([...report.checks]).toEqual(expect.arrayContaining(CHECKS));
      expect([...report.phases].sort()).toEqual(['coverage', 'examples', 'fuzzing', 'stateful']);
      for (const operation of OPERATIONS) {
        const { modes, statuses } = report.operations.get(operation)!;
        expect([operation, ...modes]).toEqual(expect.arrayContaining(['positive', 'negative']));
        expect([operation, ...outcomesOf(statuses)]).toEqual(expect.arrayContaining(['done', 'refused']));
      }
    },
    LIMIT_MS,
  );

  it('lets nobody in without a token, and no customer see what is another’s', async () => {
    const url = await start({ GATEWAY_JWT_SECRET: JWT_SECRET });
    const directory = await mkdtemp(path.join(os.tmpdir(), 'durable-orders-tokens-'));
    try {
      const users = {
        cus_1: await signToken({ sub: 'cus_1', scope: 'orders:write orders:read' }),
        cus_2: await signToken({ sub: 'cus_2', scope: 'orders:write orders:read' }),
        operator: await signToken({ sub: 'olga', scope: 'orders:operate' }),
      };
      const file = path.join(directory, 'auth.json');
      await writeFile(file, JSON.stringify(webFuzzingCommons(users)));
      await placeOrdersOfEveryKind(url, users.operator);
      const report = await fuzz({
        url,
        seed: SEED,
        maxExamples: MAX_EXAMPLES_WITH_AUTH,
        configuration: `[auth.wfc]\npath = ${JSON.stringify(file)}\npeers = ["cus_1", "cus_2"]\n`,
      });

      expectPassed(report);
      expect([...report.checks]).toEqual(
        expect.arrayContaining([...CHECKS, 'ignored_auth', 'object_level_authorization']),
      );
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
});

interface OpenApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

function operationsOf({ paths }: OpenApiDocument): string[] {
  return Object.entries(paths).flatMap(([route, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${route}`),
  );
}

/** Completed ones, declined ones, ones that run, and ones that wait for an operator; of two customers. */
async function placeOrdersOfEveryKind(url: string, token?: string): Promise<void> {
  const { shippingAddress } = sampleOrder();
  const to = (country: string) => ({ shippingAddress: { ...shippingAddress, country } });
  const kinds = [
    {},
    { payment: { method: 'pm_card_declined' } },
    to('XX'),
    to('XX'),
    to('XX'),
    { ...to('AQ'), payment: { method: 'pm_card_refund_fails' } },
    { ...to('AQ'), payment: { method: 'pm_card_refund_fails' } },
    { ...to('AQ'), payment: { method: 'pm_card_refund_fails' } },
  ];
  const orders = ['cus_1', 'cus_2'].flatMap((customerId) =>
    kinds.map((kind) => sampleOrder({ ...kind, customerId })),
  );
  const statuses = await Promise.all(
    orders.map(async (order) => {
      const { status } = await fetch(`${url}/orders`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
        },
        body: JSON.stringify(order),
      });
      return status;
    }),
  );
  expect(new Set(statuses)).not.toContain(400);
}

function expectPassed({ passed, output, requests, operations }: FuzzReport): void {
  process.stderr.write(`schemathesis: ${String(requests)} requests, FUZZ_SEED=${String(SEED)}\n`);
  const asked = [...operations].map(
    ([operation, { requests: times, statuses }]) =>
      `${operation}: ${String(times)} × ${[...statuses].sort().join(' ')}`,
  );
  if (!passed) throw new Error([output, ...asked, `Again: FUZZ_SEED=${String(SEED)}`].join('\n'));
}

function outcomesOf(statuses: ReadonlySet<number>): string[] {
  return [...statuses].map((status) => (status < 400 ? 'done' : 'refused'));
}

/** As https://github.com/WebFuzzing/Commons has it. */
function webFuzzingCommons(tokens: Readonly<Record<string, string>>) {
  return {
    auth: Object.entries(tokens).map(([name, token]) => ({
      name,
      fixedHeaders: [{ name: 'Authorization', value: `Bearer ${token}` }],
    })),
  };
}

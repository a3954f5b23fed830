import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ERRORS } from '../../../src/domain/errors';
import { orderRequestSchema } from '../../../src/domain/order-schema';
import { send } from '../../support/http-request';
import { TestStack } from '../../support/stack';

interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly requestBody?: {
    readonly required: boolean;
    readonly content: Record<string, { examples?: object }>;
  };
  readonly responses: Readonly<
    Record<
      string,
      { description: string; content?: Record<string, { example?: { code: string; status: number } }> }
    >
  >;
}
interface OpenApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
  readonly tags: readonly { readonly name: string }[];
}

// That the document is true is for test/e2e/gateway-fuzz.test.ts.
describe('the OpenAPI document', () => {
  let stack: TestStack;
  let document: OpenApiDocument;
  let operations: Map<string, Operation>;
  const url = () => `http://127.0.0.1:${String(stack.config.gateway.port)}`;

  beforeAll(async () => {
    stack = await TestStack.start({}, ['gateway']);
    document = (await send(`${url()}/openapi.json`)).json() as unknown as OpenApiDocument;
    const all = Object.values(document.paths).flatMap((methods) => Object.values(methods));
    operations = new Map(all.map((operation) => [operation.operationId, operation]));
  });

  afterAll(() => stack.stop());

  it('names every operation, once and under a tag that is explained', () => {
    expect([...operations.keys()].sort()).toEqual([
      'cancelOrder',
      'getOrder',
      'getOrderTrace',
      'listAttention',
      'listOrders',
      'placeOrder',
      'retryCompensation',
      'skipCompensation',
    ]);
    const tags = document.tags.map(({ name }) => name);
    for (const operation of operations.values()) {
      expect(operation.summary).toMatch(/^[A-Z]/);
      expect(tags).toEqual(expect.arrayContaining([...operation.tags]));
    }
  });

  it('calls things by their names, and has none that nothing refers to', () => {
    expect(Object.keys(document.components.schemas).sort()).toEqual([
      'Compensation',
      'Money',
      'Order',
      'OrderItem',
      'OrderPage',
      'OrderRequest',
      'OrderSummary',
      'Problem',
      'Settlement',
      'ShippingAddress',
      'Step',
      'Trace',
      'WaitingPage',
    ]);
    expect(JSON.stringify(document)).not.toMatch(/Input"/);
  });

  it('has examples of orders that are valid', () => {
    const { examples = {} } = operations.get('placeOrder')!.requestBody!.content['application/json']!;
    expect(Object.keys(examples)).toEqual(['completes', 'quoted', 'outOfStock', 'declined', 'noCarrier']);
    for (const { value } of Object.values(examples) as { value: unknown }[]) {
      expect(orderRequestSchema.safeParse(value).error).toBeUndefined();
    }
  });

  it('says which bodies may be missing', () => {
    const required = [...operations].map(([name, { requestBody }]) => [name, requestBody?.required]);
    expect(Object.fromEntries(required)).toMatchObject({
      placeOrder: true,
      cancelOrder: false,
      retryCompensation: true,
      skipCompensation: true,
      getOrder: undefined,
    });
  });

  it('explains every answer, and has an example of every refusal with a code of its status', () => {
    for (const [name, { responses }] of operations) {
      for (const [status, { description, content }] of Object.entries(responses)) {
        expect([name, status, description]).not.toContain('Default Response');
        if (Number(status) < 400) continue;
        const { code, status: shown } = content!['application/problem+json']!.example!;
        expect([name, String(shown)]).toEqual([name, status]);
        if (shown !== 413 && shown !== 415) {
          expect([name, code, ERRORS[code as keyof typeof ERRORS].status]).toEqual([name, code, shown]);
        }
      }
    }
  });

  it('is shown to people, by scripts of ours alone', async () => {
    const page = await send(`${url()}/docs/`);
    expect(page.headers['content-security-policy']).not.toMatch(/unsafe|upgrade-insecure-requests/);
    const scripts = [...page.text.matchAll(/(?:src|href)="(.*?)"/g)].map(([, place = '']) => place);
    expect(scripts.length).toBeGreaterThan(4);
    for (const place of scripts) {
      expect([place, (await send(new URL(place, `${url()}/docs/`).href)).status]).toEqual([place, 200]);
    }
  });
});

import type { SwaggerTransformObject } from '@fastify/swagger';
import { exampleProblem } from './answers';
import type { Refusal } from './answers';
import { ORDER_EXAMPLES } from './order-examples';

type OpenApiDocument = ReturnType<SwaggerTransformObject>;

/** As much of a document as is looked at here. */
interface Described {
  readonly paths?: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, object>>; readonly headers?: object };
}
interface Operation {
  readonly operationId?: string;
  readonly requestBody?: { required: boolean; readonly content: Record<string, MediaType> };
  readonly responses: Readonly<
    Record<string, { headers?: object; content?: Record<string, { example?: object }> }>
  >;
}
interface MediaType {
  readonly schema: { readonly $ref?: string; readonly required?: readonly string[] };
  examples?: object;
}

const HEADERS = {
  'X-Request-Id': {
    required: true,
    description: 'Names the request in our logs',
    schema: { type: 'string' },
  },
  'X-Trace-Id': {
    required: true,
    description: 'The trace of the order, or of the request when it is about none',
    schema: { type: 'string', pattern: '^[0-9a-f]{32}$' },
  },
  Location: { required: true, description: 'The order', schema: { type: 'string', pattern: '^/orders/' } },
  'Idempotent-Replayed': {
    description: 'The request was answered before, or joined one that is being answered',
    schema: { const: 'true' },
  },
  'Retry-After': { description: 'Seconds', schema: { type: 'string', pattern: '^[0-9]+$' } },
  'WWW-Authenticate': { required: true, description: 'RFC 6750', schema: { type: 'string' } },
} as const;
type HeaderName = keyof typeof HEADERS;

const ON_EVERY_ANSWER: readonly HeaderName[] = ['X-Request-Id', 'X-Trace-Id'];
const ON_STATUS: Readonly<Record<string, readonly HeaderName[]>> = {
  201: ['Location', 'Idempotent-Replayed'],
  202: ['Location', 'Idempotent-Replayed'],
  303: ['Location'],
  401: ['WWW-Authenticate'],
  429: ['Retry-After'],
  503: ['Retry-After'],
};

/** Says in the document what the routes' schemas cannot: headers of answers, optional bodies, examples, plain names. */
export function finishDocument(document: OpenApiDocument): OpenApiDocument {
  const described = document as Described;
  for (const operation of operationsOf(described)) {
    describeBody(operation);
    for (const [status, response] of Object.entries(operation.responses)) {
      const problem = response.content?.['application/problem+json'];
      if (problem !== undefined) problem.example = exampleProblem(Number(status) as Refusal);
      const names = [...ON_EVERY_ANSWER, ...(ON_STATUS[status] ?? [])];
      response.headers = Object.fromEntries(
        names.map((name) => [name, { $ref: `#/components/headers/${name}` }]),
      );
    }
  }
  const components = { ...described.components, headers: HEADERS };
  return withPlainNames({ ...described, components });
}

function operationsOf({ paths = {} }: Described): Operation[] {
  return Object.values(paths).flatMap((methods) => Object.values(methods));
}

function describeBody({ operationId, requestBody }: Operation): void {
  for (const media of Object.values(requestBody?.content ?? {})) {
    if (operationId === 'placeOrder') media.examples = ORDER_EXAMPLES;
    // What may lack every member may be missing itself.
    else if (requestBody !== undefined && media.schema.required === undefined) requestBody.required = false;
  }
}

const REFERENCE = /"#\/components\/schemas\/(\w+)"/g;

/**
 * The document with the schemas that it refers to, and no others. The type provider calls a schema of what is sent
 * `OrderInput`, beside the `Order` that is answered: where there is but one of them, or both say the same, it is `Order`.
 */
function withPlainNames(document: Described): object {
  const { schemas = {} } = document.components ?? {};
  const used = new Set<string>();
  const collect = (part: unknown) => {
    for (const [, name = ''] of JSON.stringify(part).matchAll(REFERENCE)) {
      if (used.has(name)) continue;
      used.add(name);
      collect(schemas[name]);
    }
  };
  collect(document.paths);
  const content = (name: string) => JSON.stringify(schemas[name]).replace(/Input"/g, '"');
  const plain = (name: string) => {
    const short = name.replace(/Input$/, '');
    return !used.has(short) || content(short) === content(name) ? short : name;
  };
  const kept = Object.fromEntries([...used].map((name) => [plain(name), schemas[name]]));
  const text = JSON.stringify({ ...document, components: { ...document.components, schemas: kept } });
  return JSON.parse(
    text.replace(REFERENCE, (_, name: string) => `"#/components/schemas/${plain(name)}"`),
  ) as object;
}

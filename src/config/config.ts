import path from 'node:path';
import { z } from 'zod';
import type { SagaPolicies } from '../saga/policy';
import { bearerTokensSchema } from './bearer-tokens';
import type { BearerTokens } from './bearer-tokens';
import { attempts, factor, firstAttempt, milliseconds } from './bounds';
import { PayloadKeys, payloadKeysSchema } from './payload-keys';
import { overrideVariables, policyOverrides } from './policy-overrides';
import { contradictions, shown } from './problems';

/** Something in the environment is wrong; `problems` names every variable at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(readonly problems: readonly string[]) {
    super(`The configuration is invalid:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
  }
}

const port = (fallback: number) => z.coerce.number().int().min(1).max(65_535).default(fallback);
const url = () => z.url({ protocol: /^https?$/, error: 'must be an http(s) URL' });

const environmentSchema = z.object({
  /** Where embedded databases, the trace store and the address of the running server are kept. */
  DATA_DIR: z.string().min(1).default('./data'),
  /** Unset: embedded SQLite under DATA_DIR. `postgres://…`: PostgreSQL, a schema per service. */
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must start with postgres:// or postgresql://')
    .optional(),
  /** Address that services, gateway and metrics listen on. */
  HOST: z.string().min(1).default('127.0.0.1'),
  GATEWAY_PORT: port(3000),
  /** Address that the gateway listens on; unset: HOST. */
  GATEWAY_HOST: z.string().min(1).optional(),
  /** Bearer tokens are signed by a key of this set (JWKS), or with this secret (HS256); unset: no authentication. */
  GATEWAY_JWKS_URL: url().optional(),
  GATEWAY_JWT_SECRET: z.string().min(32, 'must have at least 32 characters').optional(),
  /** What `iss` and `aud` of a token must be, when set. */
  GATEWAY_JWT_ISSUER: z.string().min(1).optional(),
  GATEWAY_JWT_AUDIENCE: z.string().min(1).optional(),
  /** 1: listen beyond this machine without authentication all the same. */
  GATEWAY_INSECURE: z.enum(['0', '1']).default('0'),
  /** 1: a proxy in front tells the client's address and host in `X-Forwarded-…`. */
  GATEWAY_TRUST_PROXY: z.enum(['0', '1']).default('0'),
  /** Requests that one client may make in a minute; 0: any number. */
  GATEWAY_RATE_LIMIT: z.coerce.number().int().min(0).max(10_000_000).default(6_000),
  /** Requests are refused while the event loop is later than this, ms; 0: never. */
  GATEWAY_MAX_EVENT_LOOP_DELAY_MS: z.coerce.number().int().min(0).max(86_400_000).default(1_000),
  /** Longest wait of the gateway for one answer of Temporal, a worker, the catalogue or the key set, ms. */
  GATEWAY_REQUEST_TIMEOUT_MS: milliseconds(1_500),
  /** How long a stopping gateway says so in /readyz before it takes no more requests, ms. */
  GATEWAY_DRAIN_MS: z.coerce.number().int().min(0).max(86_400_000).default(500),
  ORDER_SERVICE_PORT: port(3001),
  INVENTORY_SERVICE_PORT: port(3002),
  PAYMENT_SERVICE_PORT: port(3003),
  SHIPPING_SERVICE_PORT: port(3004),
  /** Where the services are, when not on this machine at the ports above. */
  ORDER_SERVICE_URL: url().optional(),
  INVENTORY_SERVICE_URL: url().optional(),
  PAYMENT_SERVICE_URL: url().optional(),
  SHIPPING_SERVICE_URL: url().optional(),
  /** What services want as bearer token, and who calls them sends: the first is sent, all are accepted; unset: none. */
  SERVICE_TOKEN: bearerTokensSchema.optional(),
  /** 1: services listen beyond this machine without a token all the same. */
  SERVICE_INSECURE: z.enum(['0', '1']).default('0'),
  /** `id:key,id:key`: what goes to Temporal is encrypted with the first, and decrypted with all; unset: it is not. */
  PAYLOAD_KEYS: payloadKeysSchema.optional(),
  /** Where the codec server listens, for which origin's pages, and what it wants as bearer token; unset: none. */
  CODEC_PORT: port(8081),
  CODEC_UI_ORIGIN: url().optional(),
  CODEC_TOKEN: bearerTokensSchema.optional(),
  /** How long `POST /orders` and `orders start` wait for the outcome, ms. */
  ORDER_WAIT_MS: milliseconds(10_000),
  METRICS_PORT: port(9464),
  /** Port of the embedded Temporal server; a free one is taken when it is in use. */
  DEV_SERVER_PORT: port(7233),
  /** How long a stopping worker lets running activities finish, ms. */
  WORKER_SHUTDOWN_GRACE_MS: milliseconds(10_000),
  /** Workflow tasks and activities that one worker runs at a time. */
  WORKER_MAX_CONCURRENT_WORKFLOW_TASKS: z.coerce.number().int().min(2).max(10_000).default(40),
  WORKER_MAX_CONCURRENT_ACTIVITIES: z.coerce.number().int().min(1).max(10_000).default(100),
  /** Workflows that one worker keeps in memory between their tasks. */
  WORKER_MAX_CACHED_WORKFLOWS: z.coerce.number().int().min(0).max(100_000).default(1_000),
  /** How long an order waits for the worker that knew it before another takes it over, ms. */
  WORKER_STICKY_TIMEOUT_MS: milliseconds(2_000),
  /** Both set: the worker is this build of this deployment, and orders stay with the build that they began on. */
  WORKER_DEPLOYMENT_NAME: z
    .string()
    .regex(/^[\w-]{1,64}$/, 'must be 1 to 64 letters, digits, _ or -')
    .optional(),
  WORKER_BUILD_ID: z
    .string()
    .regex(/^[\w.+-]{1,128}$/, 'must be 1 to 128 letters, digits or ._+-')
    .optional(),
  /** A workflow bundle built in advance; unset: the worker bundles at start, which takes seconds. */
  WORKFLOW_BUNDLE: z.string().min(1).optional(),
  /** `on`: workers record where each order waits in its code, for Temporal's stack query. */
  WORKFLOW_STACK_TRACES: z.enum(['on', 'off']).default('off'),
  /** How often the worker looks for traces that are not whole, ms; 0: never. */
  TRACE_SWEEP_INTERVAL_MS: z.coerce.number().int().min(0).max(86_400_000).default(30_000),
  /** How long an order must be over before its trace is looked at, ms. */
  TRACE_SWEEP_GRACE_MS: milliseconds(10_000),
  /** How often the guardian looks for orders whose workflow is gone, ms; 0: never. */
  GUARDIAN_INTERVAL_MS: z.coerce
    .number()
    .int()
    .max(86_400_000)
    .refine((ms) => ms === 0 || ms >= 1_000, 'must be 0, or 1000 at least')
    .default(15_000),
  /** How long an order without a workflow must have stood still before the guardian takes it for lost, ms. */
  GUARDIAN_GRACE_MS: milliseconds(10_000),
  /** How long the payment service waits for its provider, ms. */
  PAYMENT_PROVIDER_TIMEOUT_MS: milliseconds(1_000),
  /** How long a participant keeps stock or money on hold for a coordinator that does not come back, ms. */
  TCC_HOLD_TTL_MS: milliseconds(60_000),
  /** How often a participant looks for holds that have expired, ms. */
  TCC_HOLD_SWEEP_INTERVAL_MS: milliseconds(1_000),
  /** `off`: no embedded trace store; spans go over OTLP out of memory, or nowhere. */
  TRACE_STORE: z.enum(['on', 'off']).default('on'),
  /** `on`: services do what `PUT /faults` tells them; for tests, and refused where NODE_ENV is `production`. */
  FAULTS: z.enum(['on', 'off']).default('off'),
  SAGA_STEP_TIMEOUT_MS: milliseconds(5_000),
  /** With the pauses below, of which half may be left out: a service may be away for half a minute, and start. */
  SAGA_STEP_MAX_ATTEMPTS: attempts(20),
  SAGA_STEP_BACKOFF_INITIAL_MS: milliseconds(200),
  SAGA_STEP_BACKOFF_MAX_MS: milliseconds(5_000),
  SAGA_STEP_BACKOFF_COEFFICIENT: factor(2),
  /** `local`: the first attempt is the worker's that has the order, without a round trip to Temporal. */
  SAGA_STEP_FIRST_ATTEMPT: firstAttempt,
  SAGA_COMPENSATION_TIMEOUT_MS: milliseconds(5_000),
  SAGA_COMPENSATION_MAX_ATTEMPTS: attempts(10),
  SAGA_COMPENSATION_BACKOFF_INITIAL_MS: milliseconds(200),
  SAGA_COMPENSATION_BACKOFF_MAX_MS: milliseconds(30_000),
  SAGA_COMPENSATION_BACKOFF_COEFFICIENT: factor(2),
  SAGA_COMPENSATION_FIRST_ATTEMPT: firstAttempt,
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
});

type Environment = z.output<typeof environmentSchema>;

export type ServiceName = 'order' | 'inventory' | 'payment' | 'shipping';

/** Which build of which deployment a worker is. */
export interface WorkerVersion {
  readonly deploymentName: string;
  readonly buildId: string;
}

/** By what the gateway knows a good bearer token. */
export interface GatewayAuthConfig {
  readonly key: { readonly jwksUrl: string } | { readonly secret: string };
  readonly issuer: string | undefined;
  readonly audience: string | undefined;
}

/** The whole configuration of every part, validated. */
export interface Config {
  readonly dataDir: string;
  readonly databaseUrl: string | undefined;
  readonly host: string;
  readonly gateway: {
    readonly host: string;
    readonly port: number;
    /** Undefined: no authentication. */
    readonly auth: GatewayAuthConfig | undefined;
    readonly insecure: boolean;
    readonly trustProxy: boolean;
    readonly rateLimit: number;
    readonly maxEventLoopDelayMs: number;
    readonly requestTimeoutMs: number;
    readonly drainMs: number;
  };
  readonly metricsPort: number;
  readonly devServerPort: number;
  readonly services: Readonly<Record<ServiceName, { readonly port: number; readonly url: string }>>;
  /** Who may call the services. */
  readonly serviceAccess: { readonly tokens: BearerTokens | undefined; readonly insecure: boolean };
  /** What goes to Temporal is encrypted with; empty: it is not. */
  readonly payloadKeys: PayloadKeys;
  readonly codec: {
    readonly port: number;
    /** The one origin whose pages may ask. */
    readonly uiOrigin: string | undefined;
    readonly tokens: BearerTokens | undefined;
  };
  readonly orderWaitMs: number;
  readonly worker: {
    readonly shutdownGraceMs: number;
    readonly maxConcurrentWorkflowTasks: number;
    readonly maxConcurrentActivities: number;
    readonly maxCachedWorkflows: number;
    readonly stickyTimeoutMs: number;
    readonly workflowBundle: string | undefined;
    /** Whether the bundle that is made here, if one is, answers Temporal's stack query. */
    readonly stackTraces: boolean;
    /** Undefined: orders go to whatever worker there is. */
    readonly version: WorkerVersion | undefined;
  };
  readonly traceSweep: { readonly intervalMs: number; readonly graceMs: number };
  readonly guardian: { readonly intervalMs: number; readonly graceMs: number };
  readonly paymentProviderTimeoutMs: number;
  readonly holds: { readonly ttlMs: number; readonly sweepIntervalMs: number };
  /** Whether spans are kept under `dataDir`. */
  readonly traceStore: boolean;
  /** Whether services may be told to misbehave. */
  readonly faults: boolean;
  readonly policies: SagaPolicies;
  readonly logLevel: Environment['LOG_LEVEL'];
}

/**
 * The configuration that `environment` describes; an empty value counts as unset.
 *
 * @throws {@link ConfigError} naming every wrong variable at once.
 */
export function loadConfig(environment: Readonly<Record<string, string | undefined>> = process.env): Config {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = environmentSchema.safeParse(given);
  const overrides = policyOverrides(given);
  const problems = [
    ...(parsed.error?.issues.map(
      ({ path: [name], message }) => `${String(name)}=${shown(String(name), given)}: ${message}`,
    ) ?? []),
    ...overrides.problems,
    ...contradictions(given),
  ];
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
  const env = parsed.data;
  const service = (servicePort: number, serviceUrl: string | undefined) => ({
    port: servicePort,
    url: (serviceUrl ?? `http://127.0.0.1:${String(servicePort)}`).replace(/\/$/, ''),
  });
  return {
    dataDir: path.resolve(env.DATA_DIR),
    databaseUrl: env.DATABASE_URL,
    host: env.HOST,
    gateway: {
      host: env.GATEWAY_HOST ?? env.HOST,
      port: env.GATEWAY_PORT,
      auth: gatewayAuth(env),
      insecure: env.GATEWAY_INSECURE === '1',
      trustProxy: env.GATEWAY_TRUST_PROXY === '1',
      rateLimit: env.GATEWAY_RATE_LIMIT,
      maxEventLoopDelayMs: env.GATEWAY_MAX_EVENT_LOOP_DELAY_MS,
      requestTimeoutMs: env.GATEWAY_REQUEST_TIMEOUT_MS,
      drainMs: env.GATEWAY_DRAIN_MS,
    },
    metricsPort: env.METRICS_PORT,
    devServerPort: env.DEV_SERVER_PORT,
    services: {
      order: service(env.ORDER_SERVICE_PORT, env.ORDER_SERVICE_URL),
      inventory: service(env.INVENTORY_SERVICE_PORT, env.INVENTORY_SERVICE_URL),
      payment: service(env.PAYMENT_SERVICE_PORT, env.PAYMENT_SERVICE_URL),
      shipping: service(env.SHIPPING_SERVICE_PORT, env.SHIPPING_SERVICE_URL),
    },
    serviceAccess: { tokens: env.SERVICE_TOKEN, insecure: env.SERVICE_INSECURE === '1' },
    payloadKeys: env.PAYLOAD_KEYS ?? new PayloadKeys([]),
    codec: {
      port: env.CODEC_PORT,
      uiOrigin: env.CODEC_UI_ORIGIN === undefined ? undefined : new URL(env.CODEC_UI_ORIGIN).origin,
      tokens: env.CODEC_TOKEN,
    },
    orderWaitMs: env.ORDER_WAIT_MS,
    worker: {
      shutdownGraceMs: env.WORKER_SHUTDOWN_GRACE_MS,
      maxConcurrentWorkflowTasks: env.WORKER_MAX_CONCURRENT_WORKFLOW_TASKS,
      maxConcurrentActivities: env.WORKER_MAX_CONCURRENT_ACTIVITIES,
      maxCachedWorkflows: env.WORKER_MAX_CACHED_WORKFLOWS,
      stickyTimeoutMs: env.WORKER_STICKY_TIMEOUT_MS,
      workflowBundle: env.WORKFLOW_BUNDLE,
      stackTraces: env.WORKFLOW_STACK_TRACES === 'on',
      version: workerVersion(env),
    },
    traceSweep: { intervalMs: env.TRACE_SWEEP_INTERVAL_MS, graceMs: env.TRACE_SWEEP_GRACE_MS },
    guardian: { intervalMs: env.GUARDIAN_INTERVAL_MS, graceMs: env.GUARDIAN_GRACE_MS },
    paymentProviderTimeoutMs: env.PAYMENT_PROVIDER_TIMEOUT_MS,
    holds: { ttlMs: env.TCC_HOLD_TTL_MS, sweepIntervalMs: env.TCC_HOLD_SWEEP_INTERVAL_MS },
    traceStore: env.TRACE_STORE === 'on',
    faults: env.FAULTS === 'on',
    policies: {
      step: {
        timeoutMs: env.SAGA_STEP_TIMEOUT_MS,
        maxAttempts: env.SAGA_STEP_MAX_ATTEMPTS,
        backoffInitialMs: env.SAGA_STEP_BACKOFF_INITIAL_MS,
        backoffMaxMs: env.SAGA_STEP_BACKOFF_MAX_MS,
        backoffCoefficient: env.SAGA_STEP_BACKOFF_COEFFICIENT,
        firstAttempt: env.SAGA_STEP_FIRST_ATTEMPT,
      },
      compensation: {
        timeoutMs: env.SAGA_COMPENSATION_TIMEOUT_MS,
        maxAttempts: env.SAGA_COMPENSATION_MAX_ATTEMPTS,
        backoffInitialMs: env.SAGA_COMPENSATION_BACKOFF_INITIAL_MS,
        backoffMaxMs: env.SAGA_COMPENSATION_BACKOFF_MAX_MS,
        backoffCoefficient: env.SAGA_COMPENSATION_BACKOFF_COEFFICIENT,
        firstAttempt: env.SAGA_COMPENSATION_FIRST_ATTEMPT,
      },
      ...(Object.keys(overrides.byName).length > 0 && { overrides: overrides.byName }),
    },
    logLevel: env.LOG_LEVEL,
  };
}

/** Every variable that {@link loadConfig} reads. */
export function configVariables(): ReadonlySet<string> {
  return new Set([
    ...Object.keys(environmentSchema.shape),
    ...overrideVariables().map(({ variable }) => variable),
  ]);
}

function workerVersion(env: Environment): WorkerVersion | undefined {
  const { WORKER_DEPLOYMENT_NAME: deploymentName, WORKER_BUILD_ID: buildId } = env;
  return deploymentName === undefined || buildId === undefined ? undefined : { deploymentName, buildId };
}

function gatewayAuth(env: Environment): GatewayAuthConfig | undefined {
  const { GATEWAY_JWKS_URL: jwksUrl, GATEWAY_JWT_SECRET: secret } = env;
  const names = { issuer: env.GATEWAY_JWT_ISSUER, audience: env.GATEWAY_JWT_AUDIENCE };
  if (jwksUrl !== undefined) return { key: { jwksUrl }, ...names };
  return secret === undefined ? undefined : { key: { secret }, ...names };
}

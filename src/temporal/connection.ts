import { existsSync } from 'node:fs';
import { Connection, isGrpcServiceError } from '@temporalio/client';
import { loadClientConnectConfig, type ClientConnectConfig } from '@temporalio/envconfig';
import { ConfigError, type Config } from '../config/config';
import { variable, type Environment } from './environment';
import { GRPC, hasGrpcCode } from './grpc';
import { retryUntilClosed } from './retry-until-closed';
import { readServerRecord, serverRecordPath } from './server-record';

/** What both a client's `Connection` and a worker's `NativeConnection` take. */
type TemporalConnectionOptions = ClientConnectConfig['connectionOptions'] & {
  readonly address: string;
};

/** Which Temporal server is meant, and who said so. */
export interface TemporalTarget {
  readonly address: string;
  readonly namespace: string;
  /** For people: `TEMPORAL_ADDRESS`, the path of the record under DATA_DIR, or `default`. */
  readonly source: string;
  /** What to do when it does not answer. */
  readonly remedy: string;
  readonly connectionOptions: TemporalConnectionOptions;
}

/** A server that answered, and the way to it. */
export interface TemporalConnection extends TemporalTarget {
  /** To be closed by whoever asked for it. */
  readonly connection: Connection;
}

/** Temporal does not answer as it should; the message names the address, who named it, and the remedy. */
export class TemporalUnreachableError extends Error {
  override readonly name = 'TemporalUnreachableError';
  readonly address: string;
  readonly source: string;

  constructor({ address, source, remedy }: TemporalTarget, reason: string, cause: unknown) {
    super(`Temporal cannot be reached at ${address} (${source}): ${reason}. ${remedy}.`, { cause });
    this.address = address;
    this.source = source;
  }
}

const DEFAULT_ADDRESS = 'localhost:7233';
const DEFAULT_NAMESPACE = 'default';
const CONNECT_TIMEOUT_MS = 3_000;
/** Longest pause before a lost connection is tried again, ms; gRPC's own grow to two minutes. */
const MAX_RECONNECT_PAUSE_MS = 1_000;

/** The variables of `@temporalio/envconfig` that speak of a server, most telling first. */
const NAMING_VARIABLES = [
  'TEMPORAL_ADDRESS',
  'TEMPORAL_PROFILE',
  'TEMPORAL_CONFIG_FILE',
  'TEMPORAL_NAMESPACE',
  'TEMPORAL_API_KEY',
  'TEMPORAL_TLS',
  'TEMPORAL_TLS_CLIENT_CERT_PATH',
  'TEMPORAL_TLS_CLIENT_CERT_DATA',
  'TEMPORAL_TLS_CLIENT_KEY_PATH',
  'TEMPORAL_TLS_CLIENT_KEY_DATA',
  'TEMPORAL_TLS_SERVER_CA_CERT_PATH',
  'TEMPORAL_TLS_SERVER_CA_CERT_DATA',
  'TEMPORAL_TLS_SERVER_NAME',
] as const;

/**
 * Whether the user named a Temporal server, by a `TEMPORAL_*` variable or a profile in Temporal's own
 * configuration file. Then that one is used and none is ever started.
 *
 * @throws {@link ConfigError} when the profile or its file cannot be used.
 */
export function isTemporalNamed(environment: Environment = process.env): boolean {
  return namedServer(environment) !== undefined;
}

/**
 * Where Temporal is, the first of: what the user named (`TEMPORAL_*`, profile), the server that runs on
 * DATA_DIR, `localhost:7233`. Says nothing about whether it answers.
 *
 * @throws {@link ConfigError} when the profile, its file or a certificate cannot be read.
 */
export async function resolveTemporalTarget(
  config: Pick<Config, 'dataDir'>,
  environment: Environment = process.env,
): Promise<TemporalTarget> {
  const named = namedServer(environment);
  if (named !== undefined) {
    const address = named.options.connectionOptions.address ?? DEFAULT_ADDRESS;
    return {
      address,
      namespace: named.options.namespace ?? DEFAULT_NAMESPACE,
      source: named.source,
      remedy: `Start that server, or correct ${named.source}; without it, \`npm run dev\` starts a server of its own`,
      connectionOptions: { ...withoutUndefined(named.options.connectionOptions), address },
    };
  }
  const record = await readServerRecord(config.dataDir);
  if (record !== undefined) {
    return {
      address: record.address,
      namespace: record.namespace,
      source: serverRecordPath(config.dataDir),
      remedy: 'The stack that wrote this file was killed: start it again with `npm run dev`',
      connectionOptions: { address: record.address },
    };
  }
  return {
    address: DEFAULT_ADDRESS,
    namespace: DEFAULT_NAMESPACE,
    source: 'default',
    remedy: `Start one with \`npm run dev\` (same DATA_DIR as here: ${config.dataDir}), or set TEMPORAL_ADDRESS to one that runs`,
    connectionOptions: { address: DEFAULT_ADDRESS },
  };
}

/**
 * A connection to {@link resolveTemporalTarget}'s server that has answered, and whose namespace exists; when it is lost,
 * it is there again about a second after the server is.
 *
 * @param options.timeoutMs how long to try, default 3,000 ms.
 * @throws {@link TemporalUnreachableError} within that time otherwise.
 * @throws {@link ConfigError} when the profile, its file or a certificate cannot be read.
 */
export async function connectTemporal(
  config: Pick<Config, 'dataDir'>,
  options: { environment?: Environment; timeoutMs?: number } = {},
): Promise<TemporalConnection> {
  const target = await resolveTemporalTarget(config, options.environment);
  const timeoutMs = options.timeoutMs ?? CONNECT_TIMEOUT_MS;
  const deadline = Date.now() + timeoutMs;
  const connection = lazyConnection(target, timeoutMs);
  try {
    await connection.ensureConnected();
    await connection.withDeadline(deadline, () => expectNamespace(connection, target));
  } catch (error) {
    await connection.close();
    if (error instanceof TemporalUnreachableError) throw error;
    throw new TemporalUnreachableError(target, reasonOf(error, timeoutMs), error);
  }
  return { ...target, connection };
}

function lazyConnection(target: TemporalTarget, timeoutMs: number): Connection {
  const retry = retryUntilClosed();
  try {
    const connection = Connection.lazy({
      ...target.connectionOptions,
      connectTimeout: timeoutMs,
      channelArgs: { 'grpc.max_reconnect_backoff_ms': MAX_RECONNECT_PAUSE_MS },
      interceptors: retry.interceptors,
    });
    const close = connection.close.bind(connection);
    return Object.assign(connection, {
      close: () => {
        retry.close();
        return close();
      },
    });
  } catch (error) {
    // Not an address, or not a certificate.
    throw new ConfigError([`${target.source}: ${(error as Error).message}`]);
  }
}

async function expectNamespace(connection: Connection, target: TemporalTarget): Promise<void> {
  const { namespace } = target;
  try {
    await connection.workflowService.describeNamespace({ namespace });
  } catch (error) {
    if (hasGrpcCode(error, GRPC.notFound)) {
      const reason = `it has no namespace ${namespace} (TEMPORAL_NAMESPACE)`;
      throw new TemporalUnreachableError(target, reason, error);
    }
    // A role may run workflows without the right to describe their namespace. Anything else does not come from a
    // Temporal server: what is no gRPC server at all passes for an old one until here.
    if (!hasGrpcCode(error, GRPC.permissionDenied)) throw error;
  }
}

/** What the user's variables and profile say, and the variable (or file) that says it. */
function namedServer(
  environment: Environment,
): { readonly source: string; readonly options: ClientConnectConfig } | undefined {
  const name = NAMING_VARIABLES.find((candidate) => variable(environment, candidate) !== undefined);
  const file = variable(environment, 'TEMPORAL_CONFIG_FILE');
  // envconfig takes a file that is not there for an empty one, and would lead to a server nobody named.
  if (file !== undefined && !existsSync(file)) {
    throw new ConfigError([`TEMPORAL_CONFIG_FILE=${file}: there is no such file`]);
  }
  const set = Object.fromEntries(
    Object.entries(environment).filter(
      // An empty TEMPORAL_GRPC_META_… removes a header of the profile.
      (entry): entry is [string, string] =>
        entry[1] !== undefined && (entry[1] !== '' || entry[0].startsWith('TEMPORAL_GRPC_META_')),
    ),
  );
  let options: ClientConnectConfig;
  try {
    options = loadClientConnectConfig({ overrideEnvVars: set });
  } catch (error) {
    throw new ConfigError([`${name ?? "Temporal's configuration file"}: ${(error as Error).message}`]);
  }
  if (name !== undefined) return { source: name, options };
  const { address, apiKey, tls } = options.connectionOptions;
  const fromProfile = [options.namespace, address, apiKey, tls].some((value) => value !== undefined);
  return fromProfile ? { source: "Temporal's configuration file", options } : undefined;
}

function reasonOf(error: unknown, timeoutMs: number): string {
  const cause = error instanceof Error && isGrpcServiceError(error.cause) ? error.cause : error;
  if (isGrpcServiceError(cause) && cause.details) return cause.details;
  if (!(cause instanceof Error)) return String(cause);
  return /deadline/i.test(cause.message) ? `no answer within ${String(timeoutMs)} ms` : cause.message;
}

function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T;
}

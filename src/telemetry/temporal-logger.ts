import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import type { LogLevel, LogMetadata } from '@temporalio/common';
import { ApplicationFailure, SdkComponent, TemporalFailure } from '@temporalio/common';
import type { Logger as TemporalLogger, RuntimeOptions } from '@temporalio/worker';
import { makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import type { Logger } from 'pino';
import { errorTypeOf } from './error-type';

const PINO_LEVELS: Readonly<Record<LogLevel, 'trace' | 'debug' | 'info' | 'warn' | 'error'>> = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
};

/** What the SDK logs with an error that an activity or a workflow threw. */
const USERS_ERRORS: ReadonlySet<string> = new Set(['Activity failed', 'Workflow failed']);

/**
 * Temporal's logger writing through the part's own, in one format. Of what an activity or a workflow threw, the
 * type is logged and not the text, which may quote a payload; the SDK's own troubles are logged whole.
 */
export function temporalLogger(logger: Logger): TemporalLogger {
  const log = (level: LogLevel, message: string, meta: LogMetadata = {}) => {
    const method = PINO_LEVELS[level];
    if (!logger.isLevelEnabled(method)) return;
    // The runtime hands lines on later, from anywhere: the ids of their span are in their fields already.
    context.with(ROOT_CONTEXT, () => {
      logger[method](printable(message, meta), message);
    });
  };
  return {
    log,
    trace: (message, meta) => {
      log('TRACE', message, meta);
    },
    debug: (message, meta) => {
      log('DEBUG', message, meta);
    },
    info: (message, meta) => {
      log('INFO', message, meta);
    },
    warn: (message, meta) => {
      log('WARN', message, meta);
    },
    error: (message, meta) => {
      log('ERROR', message, meta);
    },
  };
}

function printable(message: string, meta: LogMetadata): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(meta)) {
    // What the SDK's trace lines hold in objects (activations, tasks) are payloads: names, tokens, addresses.
    if (name === 'error' || typeof value === 'object') continue;
    // The core's own timestamps are bigints, which JSON has not.
    fields[name] = typeof value === 'bigint' ? String(value) : value;
  }
  const error: unknown = meta['error'];
  if (error === undefined) return fields;
  return isUsers(message, meta, error) ? { ...fields, errorType: typeOf(error) } : { ...fields, err: error };
}

function isUsers(message: string, meta: LogMetadata, error: unknown): boolean {
  const component: unknown = meta['sdkComponent'];
  return (
    USERS_ERRORS.has(message) ||
    component === SdkComponent.activity ||
    component === SdkComponent.workflow ||
    error instanceof TemporalFailure
  );
}

function typeOf(error: unknown): string {
  if (error instanceof ApplicationFailure && error.type) return error.type;
  return errorTypeOf(error);
}

let installed = false;

/**
 * Makes Temporal's runtime of this process log through `logger`, with its native core; the first call wins, because
 * a process has one runtime. Call it before any worker or native connection is made.
 *
 * @param options more of the runtime's options, for example `shutdownSignals`.
 * @returns whether this call installed it.
 * @throws IllegalStateError when a runtime is there already that this function did not install.
 */
export function installTemporalRuntime(
  logger: Logger,
  options: Omit<RuntimeOptions, 'logger'> = {},
): boolean {
  if (installed) return false;
  Runtime.install({
    ...options,
    logger: temporalLogger(logger),
    telemetryOptions: {
      ...options.telemetryOptions,
      logging: { filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }), forward: {} },
    },
  });
  installed = true;
  return true;
}

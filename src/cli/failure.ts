import { ConfigError } from '../config/config';
import type { FieldError } from '../domain/order-schema';
import { InvalidOrderError, OrderError } from '../orders/errors';

/** How every command ends: SPEC 2. */
export const EXIT = {
  done: 0,
  /** The order did not complete, or what was asked for was refused; also a bug of ours. */
  notCompleted: 1,
  /** Wrong usage, an invalid order, or an invalid environment. */
  invalid: 2,
  /** Temporal or a service cannot be reached. */
  unreachable: 3,
  noSuchOrder: 4,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The command line makes no sense; nothing was done. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What to tell of an error, and the exit code it ends the command with. */
export interface Failure {
  readonly exitCode: ExitCode;
  /** Stable word for programs. */
  readonly code: string;
  readonly message: string;
  readonly errors?: readonly FieldError[];
  /** Only of a bug of ours. */
  readonly stack?: string | undefined;
}

/** Codes of `OrderError`s that are not {@link EXIT.notCompleted}. */
const EXIT_OF_ORDER_ERROR: Readonly<Record<string, ExitCode>> = {
  invalid_request: EXIT.invalid,
  price_changed: EXIT.invalid,
  order_conflict: EXIT.invalid,
  service_unreachable: EXIT.unreachable,
  temporal_unreachable: EXIT.unreachable,
  no_worker: EXIT.unreachable,
  payload_unreadable: EXIT.invalid,
  not_found: EXIT.noSuchOrder,
};

/**
 * Errors of `src/temporal`, by name: their classes come with the Temporal client, which takes longer to load
 * than most commands that fail take to fail.
 */
const TEMPORAL_ERRORS: ReadonlySet<string> = new Set(['TemporalUnreachableError', 'SearchAttributeError']);

/** The one place that knows what each error means to whoever typed the command. */
export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) {
    return { exitCode: EXIT.notCompleted, code: 'internal_error', message: String(error) };
  }
  const { message } = error;
  if (error instanceof InvalidOrderError) {
    return { exitCode: EXIT.invalid, code: error.code, message, errors: error.errors };
  }
  if (error instanceof OrderError) {
    const exitCode = EXIT_OF_ORDER_ERROR[error.code] ?? EXIT.notCompleted;
    return { exitCode, code: error.code, message };
  }
  if (error instanceof UsageError) return { exitCode: EXIT.invalid, code: 'usage', message };
  if (error instanceof ConfigError) return { exitCode: EXIT.invalid, code: 'invalid_configuration', message };
  if (TEMPORAL_ERRORS.has(error.name)) {
    return { exitCode: EXIT.unreachable, code: 'temporal_unreachable', message };
  }
  const details = grpcDetails(error);
  if (details !== undefined) {
    const said = `Temporal refused the request: ${details}. \`orders doctor\` says more`;
    return { exitCode: EXIT.unreachable, code: 'temporal_error', message: said };
  }
  return {
    exitCode: EXIT.notCompleted,
    code: 'internal_error',
    message: `This is a bug: ${message}`,
    stack: error.stack,
  };
}

/** What the server said, when there is a gRPC error behind `error`. */
function grpcDetails(error: Error): string | undefined {
  for (let e: unknown = error; e instanceof Error; e = e.cause) {
    if ('details' in e && typeof e.details === 'string' && 'code' in e && 'metadata' in e) {
      return e.details === '' ? e.message : e.details;
    }
  }
  return undefined;
}

import type { Tracer } from '@opentelemetry/api';
import type { Logger } from 'pino';

/**
 * What one part (a service, the worker, the CLI) observes with. Each part has its own, because its spans and
 * log lines carry its own `service.name`, also where several parts share a process.
 */
export interface Telemetry {
  /** Makes the part's spans. */
  readonly tracer: Tracer;
  /** Writes JSON lines to stderr, each with the trace and span id that are active. */
  readonly logger: Logger;
  /** Sends what is waiting, then stops. */
  shutdown(): Promise<void>;
}

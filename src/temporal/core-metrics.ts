import type { Logger } from 'pino';
import { installTemporalRuntime } from '../telemetry/temporal-logger';
import { errorMessage } from '../telemetry/error-type';
import { findFreePort } from './ports';

const HOST = '127.0.0.1';

/** Where the runtime of this process serves its core's metrics; undefined until it does. */
let coreUrl: string | undefined;

/**
 * Installs Temporal's runtime for a worker, unless this process has one: it logs through `logger`, leaves signals to whoever
 * runs the worker, and measures under the SDK's default names.
 */
export async function installWorkerRuntime(logger: Logger): Promise<void> {
  const bindAddress = `${HOST}:${String(await findFreePort(HOST))}`;
  const installed = installTemporalRuntime(logger, {
    shutdownSignals: [],
    telemetryOptions: { metrics: { prometheus: { bindAddress } } },
  });
  if (installed) coreUrl = `http://${bindAddress}/metrics`;
}

/** The core's metrics in Prometheus's text format; empty where the runtime is not a worker's of ours. */
export async function coreMetrics(logger: Logger): Promise<string> {
  if (coreUrl === undefined) return '';
  try {
    return await (await fetch(coreUrl, { signal: AbortSignal.timeout(2_000) })).text();
  } catch (error) {
    logger.warn({ reason: errorMessage(error) }, "Temporal's own metrics cannot be read");
    return '';
  }
}

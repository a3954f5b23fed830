import type { Config } from '../config/config';
import type * as Gateway from '../gateway/start-gateway';
import type * as Services from '../services/start-service';
import { startTelemetry } from '../telemetry/start-telemetry';
import type { StartedTelemetry } from '../telemetry/telemetry';
import type * as Worker from '../worker';
import type { RunningPart } from './part';

interface PartDeps {
  readonly config: Config;
  readonly telemetry: StartedTelemetry;
}

interface Part {
  /** `service.name` of its spans and log lines. */
  readonly service: string;
  readonly start: (deps: PartDeps) => Promise<RunningPart>;
}

/**
 * Every part, in the order in which a stack starts them. Each is loaded when it is started: a process that runs
 * one service needs neither Temporal's worker nor the other services' code.
 */
const PARTS = {
  order: service('order'),
  inventory: service('inventory'),
  payment: service('payment'),
  shipping: service('shipping'),
  worker: {
    service: 'order-service',
    start: (deps) =>
      // eslint-disable-next-line @typescript-eslint/no-require-imports -- loaded when needed; see above
      (require('../worker') as typeof Worker).startWorker(deps),
  },
  gateway: {
    service: 'api-gateway',
    start: (deps) =>
      // eslint-disable-next-line @typescript-eslint/no-require-imports -- loaded when needed; see above
      (require('../gateway/start-gateway') as typeof Gateway).startGateway(deps),
  },
} as const satisfies Readonly<Record<string, Part>>;

/** What `npm start -- <part>` can run. */
export type PartName = keyof typeof PARTS;

/** What `npm start -- <part>` can run, in the order in which a stack starts them. */
export const PART_NAMES = Object.keys(PARTS) as readonly PartName[];

/** Whether `name` is one of {@link PART_NAMES}. */
export function isPartName(name: string): name is PartName {
  return Object.hasOwn(PARTS, name);
}

/**
 * The part, running and answering, with a telemetry of its own that is sent and stopped after the part. When it
 * does not start, nothing of it stays.
 *
 * @throws what the part's start throws: `ConfigError` naming the variable, `TemporalUnreachableError`.
 */
export async function startPart(name: PartName, { config }: { config: Config }): Promise<RunningPart> {
  const part: Part = PARTS[name];
  const telemetry = startTelemetry({ service: part.service, config });
  try {
    const running = await part.start({ config, telemetry });
    return {
      name: running.name,
      address: running.address,
      stop: async () => {
        try {
          await running.stop();
        } finally {
          await telemetry.shutdown();
        }
      },
    };
  } catch (error) {
    await telemetry.shutdown();
    throw error;
  }
}

function service(name: 'order' | 'inventory' | 'payment' | 'shipping'): Part {
  return {
    service: `${name}-service`,
    start: (deps) =>
      // eslint-disable-next-line @typescript-eslint/no-require-imports -- loaded when needed; see above
      (require('../services/start-service') as typeof Services).startService(name, deps),
  };
}

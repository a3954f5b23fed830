import type { Config } from '../config/config';
import type { OrderClient } from '../orders/order-client';
import type { ServiceSource } from '../orders/service-reader';
import type { StoredSpan } from '../telemetry/stored-span';
import type { Telemetry } from '../telemetry/telemetry';
import type { OrderArchive } from './intake/archive';
import type { OrderIntake } from './intake/order-intake';
import type { OutcomeWaits } from './outcome-waits';

/** What the routes work with. */
export interface GatewayDeps {
  readonly config: Pick<Config, 'gateway' | 'orderWaitMs'>;
  readonly telemetry: Telemetry;
  readonly orders: OrderClient;
  /** Keeps the catalogue. */
  readonly inventory: ServiceSource;
  readonly intake: OrderIntake;
  readonly archive: OrderArchive;
  readonly waits: OutcomeWaits;
  /** The spans of a trace, as far as they are kept here. */
  readonly traceOf: (traceId: string) => readonly StoredSpan[];
  /** Fails when Temporal or the gateway's database does not answer, or when the gateway is stopping. */
  readonly ready: () => Promise<unknown>;
  /** Aborts when the gateway stops: what lasts long ends then. */
  readonly draining: AbortSignal;
}

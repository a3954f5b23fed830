import { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import type { WorkflowBundleOption } from '@temporalio/worker';
import type { Config } from '../config/config';
import { orderIdOfWorkflow } from '../domain/ids';
import { bookSources } from '../orders/open-orders';
import type { StartedTelemetry } from '../telemetry/telemetry';
import type { GuardianActivities, GuardianReport } from '../workflows/definitions';
import { interruptedWorkflows, settlementOf } from './interrupted-orders';
import { lostOrders, rememberedMs } from './lost-orders';
import { settle } from './settle';
import type { Settlement } from './settle';

export interface GuardianDeps {
  readonly client: Client;
  readonly config: Config;
  readonly telemetry: StartedTelemetry;
  readonly workflowBundle: WorkflowBundleOption;
}

/** Longest time that one look goes through the interrupted orders, ms; what it left is still in the next one's list. */
const INTERRUPTED_MS = 120_000;
/** Longest time that one look goes through the books, ms; the next one goes on from there. */
const BOOKS_MS = 10_000;
/** Far below the heartbeat's timeout. */
const HEARTBEAT_MS = 1_000;

/** What the guardian's workflow calls. One order that cannot be taken over keeps no other from it. */
export function guardianActivities(deps: GuardianDeps): GuardianActivities {
  return {
    settleAbandonedOrders: async ({ cursor }) => {
      const activity = Context.current();
      const beat = setInterval(() => {
        activity.heartbeat();
      }, HEARTBEAT_MS);
      try {
        return await new Look(deps, activity.cancellationSignal).run(cursor);
      } finally {
        clearInterval(beat);
      }
    },
  };
}

/** One look at everything. */
class Look {
  readonly #deps: GuardianDeps;
  readonly #stop: AbortSignal;
  readonly #sources;
  #settled = 0;
  #failed = 0;

  constructor(deps: GuardianDeps, stop: AbortSignal) {
    this.#deps = deps;
    this.#stop = stop;
    this.#sources = bookSources(deps.config, deps.telemetry.tracer);
  }

  async run(cursor: string | undefined): Promise<GuardianReport> {
    try {
      await this.#interrupted();
    } catch (error) {
      // The books are looked at all the same: whoever is lost is in no list.
      this.#deps.telemetry.logger.error(
        { err: error },
        'the guardian could not list the orders that were interrupted; the next look tries again',
      );
    }
    const nextCursor = await this.#lost(cursor);
    return {
      settled: this.#settled,
      failed: this.#failed,
      ...(nextCursor !== undefined && { cursor: nextCursor }),
    };
  }

  async #interrupted(): Promise<void> {
    const { client, telemetry, workflowBundle } = this.#deps;
    const { resource, logger } = telemetry;
    const deps = { client, sources: this.#sources, workflowBundle, resource, logger };
    const workflowIds = await interruptedWorkflows(deps);
    const until = Date.now() + INTERRUPTED_MS;
    // From anywhere: what fails at every look must not use up the time of the rest.
    for (const workflowId of rotated(workflowIds, Math.random())) {
      if (this.#stop.aborted || Date.now() >= until) return;
      await this.#settle(orderIdOfWorkflow(workflowId), () => settlementOf(workflowId, deps));
    }
  }

  /** @returns where the next look goes on. */
  async #lost(from: string | undefined): Promise<string | undefined> {
    const { client, config } = this.#deps;
    const { policies, guardian } = config;
    const { graceMs } = guardian;
    const retentionMs = await rememberedMs(client);
    const deps = { client, sources: this.#sources, policies, graceMs, retentionMs };
    const until = Date.now() + BOOKS_MS;
    let cursor = from;
    do {
      const page = await lostOrders(cursor, deps);
      for (const { orderId, find } of page.candidates) await this.#settle(orderId, find);
      cursor = page.nextCursor;
    } while (cursor !== undefined && Date.now() < until && !this.#stop.aborted);
    return cursor;
  }

  async #settle(orderId: string, find: () => Promise<Settlement | undefined>): Promise<void> {
    const { client, telemetry } = this.#deps;
    const { logger, tracer } = telemetry;
    try {
      const settlement = await find();
      if (settlement === undefined || !(await settle(settlement, { client, tracer }))) return;
      this.#settled += 1;
      const { abandoned } = settlement.input.settlement;
      logger.warn({ orderId, abandoned }, 'the guardian settles an order whose workflow is gone');
    } catch (error) {
      this.#failed += 1;
      logger.error(
        { orderId, err: error },
        'the guardian could not settle an order; the next look tries again',
      );
    }
  }
}

/** `list` from the part of it on that `from` (0 to 1) says, and then from its beginning. */
function rotated<T>(list: readonly T[], from: number): T[] {
  const start = Math.floor(list.length * from);
  return [...list.slice(start), ...list.slice(0, start)];
}

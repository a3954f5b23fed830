import { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import type { WorkflowBundleOption } from '@temporalio/worker';
import type { Config } from '../config/config';
import { orderIdOfWorkflow } from '../domain/ids';
import { bookSources } from '../orders/open-orders';
import type { StartedTelemetry } from '../telemetry/telemetry';
import type { GuardianActivities, GuardianReport } from '../workflows/definitions';
import { interruptedWorkflows, settlementOf } from './interrupted-orders';
import { lostOrders, retentionOf } from './lost-orders';
import { settle } from './settle';
import type { Settlement } from './settle';

export interface GuardianDeps {
  readonly client: Client;
  readonly config: Config;
  readonly telemetry: StartedTelemetry;
  readonly workflowBundle: WorkflowBundleOption;
}

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
    await this.#interrupted();
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
    for (const workflowId of await interruptedWorkflows(deps)) {
      if (this.#stop.aborted) return;
      await this.#settle(orderIdOfWorkflow(workflowId), () => settlementOf(workflowId, deps));
    }
  }

  /** @returns where the next look goes on. */
  async #lost(from: string | undefined): Promise<string | undefined> {
    const { client, config } = this.#deps;
    const { policies, guardian } = config;
    const { graceMs } = guardian;
    const retentionMs = await retentionOf(client);
    const deps = { client, sources: this.#sources, policies, graceMs, retentionMs };
    const until = Date.now() + BOOKS_MS;
    let cursor = from;
    do {
      const page = await lostOrders(cursor, deps);
      for (const settlement of page.lost) {
        await this.#settle(settlement.input.order.orderId, () => Promise.resolve(settlement));
      }
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

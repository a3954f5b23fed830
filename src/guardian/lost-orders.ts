import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import { z } from 'zod';
import { orderWorkflowId } from '../domain/ids';
import type { TransactionKind } from '../domain/order';
import { moneySchema, orderItemsSchema } from '../domain/order-schema';
import { STEPS_OF } from '../domain/steps';
import { MAX_ORDER_IDS, readBooks, readOrderPage } from '../orders/audit/books';
import type { BookSources } from '../orders/audit/books';
import { coherent } from '../orders/audit/effects';
import type { OrderEffects } from '../orders/audit/effects';
import { readService } from '../orders/service-reader';
import { GRPC, grpcErrorOf } from '../orders/temporal-calls';
import type { SagaPolicies } from '../saga/policy';
import { withoutMemos } from './memo-less';
import type { Settlement } from './settle';

export interface LostDeps {
  readonly client: Client;
  readonly sources: BookSources;
  /** What a lost order is undone under: its own are lost with it. */
  readonly policies: SagaPolicies;
  /** How long an order's row must have stood still, ms. */
  readonly graceMs: number;
  /** For how long Temporal is sure to have remembered an order that is over, ms: see {@link rememberedMs}. */
  readonly retentionMs: number;
}

/** What an order's row may change after its workflow's end, by requests that were under way, ms. */
const MARGIN_MS = 60_000;

const DAY_MS = 86_400_000;

/**
 * How far back Temporal is sure to remember workflows that are over, ms: as long as the namespace keeps them, but a day at
 * most. It may have kept them for less until somebody raised that, and a day is the least that a server takes.
 */
export async function rememberedMs({ workflowService, options: { namespace } }: Client): Promise<number> {
  try {
    const { config } = await workflowService.describeNamespace({ namespace });
    const seconds = Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0);
    return seconds === 0 ? DAY_MS : Math.min(seconds * 1000, DAY_MS);
  } catch (error) {
    if (grpcErrorOf(error)?.code === GRPC.permissionDenied) return DAY_MS;
    throw error;
  }
}

/** An order that may be lost. */
export interface LostCandidate {
  readonly orderId: string;
  /** What is to be settled of it; undefined when its workflow is there. */
  readonly find: () => Promise<Settlement | undefined>;
}

/** A page of the books, and what of it may be lost. */
export interface LostPage {
  readonly candidates: readonly LostCandidate[];
  /** Absent after the last page. */
  readonly nextCursor?: string | undefined;
}

/**
 * The orders of one page of the order service's books of which something stands half done; those are lost of which Temporal
 * knows no workflow. Every other effect of an order comes after its row there, and the row is never deleted.
 *
 * Books that look like those of a completed or of an undone order say nothing: Temporal forgets what is over. Nor does an
 * order that has not changed for as long as Temporal remembers: it may have been over, with something that an operator had
 * settled by other means. That one is `orders audit`'s to tell, and a person's to decide.
 */
export async function lostOrders(cursor: string | undefined, deps: LostDeps): Promise<LostPage> {
  const { sources, graceMs, retentionMs } = deps;
  const changedWithinMs = Math.max(0, retentionMs - MARGIN_MS);
  const query = { cursor, limit: MAX_ORDER_IDS, unchangedForMs: graceMs, changedWithinMs };
  const { orderIds, nextCursor } = await readOrderPage(sources.order, query);
  if (orderIds.length === 0) return { candidates: [], nextCursor };
  const { effects } = await readBooks(sources, orderIds);
  const memoLess = withoutMemos(deps.client);
  const candidates = orderIds.flatMap((orderId): LostCandidate[] => {
    const own = effects.get(orderId);
    if (own === undefined || coherent(own)) return [];
    const find = async () =>
      (await hasWorkflow(orderId, memoLess)) ? undefined : settlementOf(orderId, own, deps);
    return [{ orderId, find }];
  });
  return { candidates, nextCursor };
}

async function hasWorkflow(orderId: string, client: Client): Promise<boolean> {
  try {
    await client.workflow.getHandle(orderWorkflowId(orderId)).describe();
    return true;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

const storedOrder = z.object({ customerId: z.string(), items: orderItemsSchema, amount: moneySchema });

async function settlementOf(
  orderId: string,
  effects: OrderEffects,
  { sources, policies }: LostDeps,
): Promise<Settlement> {
  const route = `/orders/${encodeURIComponent(orderId)}`;
  const { customerId, items, amount } = await readService(sources.order, route, {}, storedOrder);
  const transaction = kindOf(effects);
  // Whatever was not done by now will be refused from now on.
  const steps = STEPS_OF[transaction].map(({ name }) => ({
    step: name,
    state: 'unknown' as const,
    attempts: 0,
    error: 'The workflow is lost, and with it what it knew',
  }));
  const settlement = { abandoned: 'lost' as const };
  const order = { orderId, customerId, items, transaction };
  return { input: { order, amount, policies, settlement, steps, completed: false }, memo: {} };
}

/** Money comes after stock in both kinds, and a TCC order's stock says by its key that it was tried first. */
function kindOf({ reservations }: OrderEffects): TransactionKind {
  return reservations.some(({ key }) => key?.endsWith('/try_inventory')) ? 'tcc' : 'saga';
}

import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import type { Order, OrderView } from '../../domain/order';
import { ProblemError } from '../../http/problem';
import { OrderConflictError, OrderInterruptedError, OrderNotFoundError } from '../../orders/errors';
import { canonicalJson, orderFingerprint } from '../../orders/fingerprint';
import type { OrderClient } from '../../orders/order-client';
import { isInterrupted } from '../../orders/order-summary';
import type { PlacedOrder } from '../../orders/place-order';
import type { ParsedOrder } from '../../orders/quote';
import type { ArchivedOutcome, OrderArchive } from './archive';
import { hashKey } from './idempotency-keys';
import type { IdempotencyKeys, KeyedIntake } from './idempotency-keys';

/** An order that was taken in: started, or there before. */
export type Intake =
  | { readonly order: PlacedOrder }
  /** Temporal has forgotten it; this is how it ended. */
  | { readonly archived: OrderView };

/** What a client sent. */
export interface IntakeRequest {
  readonly parsed: ParsedOrder;
  /** Whether the order's id is the client's choice. */
  readonly namedByClient: boolean;
  readonly idempotencyKey: string | undefined;
}

interface OrderIntakeDeps {
  readonly orders: Pick<OrderClient, 'place' | 'summary'>;
  readonly keys: IdempotencyKeys;
  readonly archive: OrderArchive;
  readonly logger: Logger;
}

/**
 * Takes an order in once, however often and from however many clients at once it is sent.
 *
 * ```text
 *   (1) key known? its order ─▶ (2) price it ─▶ (3) bind the key ─▶ (4) start the workflow ─▶ (5) note that it started
 * ```
 *
 * - What is refused up to 2 leaves the key free for a corrected order.
 * - A crash after 3: the key names the order that the next try starts.
 * - A crash, or a reply lost, after 4: the next try finds the workflow, whose id is the order's.
 * - After 5, an order that Temporal does not know any more was forgotten, and is not started again: the archive has
 *   its outcome. Should a crash have prevented 5, it would be started again after the retention time, under the same
 *   keys for its steps, which the services' barriers answer as they did the first time.
 *
 * Equal requests that come while one is at work join it.
 */
export class OrderIntake {
  readonly #deps: OrderIntakeDeps;
  readonly #atWork = new Map<string, Promise<Intake>>();

  constructor(deps: OrderIntakeDeps) {
    this.#deps = deps;
  }

  /**
   * @throws what `OrderClient.place` throws, OrderInterruptedError, and ProblemError `idempotency_key_reused` and
   * `order_forgotten`.
   */
  async take(request: IntakeRequest): Promise<Intake> {
    const { parsed, namedByClient, idempotencyKey } = request;
    const fingerprint = payloadFingerprint(request);
    if (idempotencyKey === undefined && !namedByClient) return this.#takeNameless(parsed);
    const keyed =
      idempotencyKey === undefined
        ? undefined
        : { keyHash: hashKey(parsed.order.customerId, idempotencyKey), fingerprint };
    const same = `${keyed?.keyHash ?? parsed.order.orderId} ${fingerprint}`;
    const joined = this.#atWork.get(same);
    if (joined !== undefined) return asRepeated(await joined);
    const taken = this.#take(parsed, keyed).finally(() => this.#atWork.delete(same));
    this.#atWork.set(same, taken);
    return taken;
  }

  async #take(parsed: ParsedOrder, keyed: KeyedIntake | undefined): Promise<Intake> {
    const { orders, keys, archive } = this.#deps;
    const bound = keyed === undefined ? undefined : await keys.find(keyed);
    const known = bound === undefined ? parsed : { ...parsed, order: { ...parsed.order, orderId: bound } };
    const archived = await this.#forgotten(known.order);
    if (archived !== undefined) return { archived };
    const order = await orders.place(known, async (priced) => {
      if (keyed === undefined) return priced;
      return { ...priced, orderId: await keys.bind(keyed, priced.orderId) };
    });
    await archive.started(order.orderId, orderFingerprint(known.order));
    return { order };
  }

  /** An order that nobody can send again: an error after its start would invite its client to order twice. */
  async #takeNameless(parsed: ParsedOrder): Promise<Intake> {
    const { orders, archive, logger } = this.#deps;
    const order = await orders.place(parsed);
    await archive.started(order.orderId, orderFingerprint(parsed.order)).catch((error: unknown) => {
      logger.warn({ err: error, orderId: order.orderId }, 'the start of an order could not be archived');
    });
    return { order };
  }

  /** The outcome of an order that was started here and that Temporal knows no more. */
  async #forgotten(order: Order): Promise<OrderView | undefined> {
    const archived = await this.#deps.archive.find(order.orderId);
    if (archived === undefined) return undefined;
    if (archived.fingerprint !== orderFingerprint(order)) throw new OrderConflictError(order.orderId);
    try {
      await this.#deps.orders.summary(order.orderId);
      return undefined;
    } catch (error) {
      if (!(error instanceof OrderNotFoundError)) throw error;
      return wholeOutcome(order.orderId, archived.outcome);
    }
  }
}

/** Where there is none to answer with, saying so is all that is left: starting the order anew would be another one. */
function wholeOutcome(orderId: string, outcome: ArchivedOutcome | undefined): OrderView {
  if (outcome === undefined) {
    const detail = `How order ${orderId} ended is not known any more; it is not started again`;
    throw new ProblemError('order_forgotten', detail, { orderId });
  }
  if (isInterrupted(outcome)) throw new OrderInterruptedError(orderId, outcome.interrupted);
  return outcome;
}

/** Equal for the same payload, whatever order its members and items are in. */
function payloadFingerprint({ parsed: { order, expectedAmount }, namedByClient }: IntakeRequest): string {
  const content = { order: orderFingerprint(order), orderId: namedByClient && order.orderId, expectedAmount };
  return createHash('sha256').update(canonicalJson(content)).digest('hex');
}

function asRepeated(intake: Intake): Intake {
  return 'order' in intake ? { order: { ...intake.order, joined: true } } : intake;
}

import type { Transaction } from 'kysely';
import { z } from 'zod';
import { orderIdSchema } from '../domain/order-schema';
import type { Barrier } from './barrier/barrier';
import type { BarrierTables } from './barrier/barrier-table';
import { idempotencyKeySchema, keyedCompensation } from './barrier/idempotency';
import type { ServiceApp } from './service-app';
import { sendAnswer } from './service-app';

/** The body of every compensation: `POST /cancellations`, `/releases`, `/refunds`, `/reversals`. */
export const compensationRequestSchema = z.strictObject({
  orderId: orderIdSchema,
  compensates: idempotencyKeySchema,
});

/** A route that undoes, by `undo` and in one transaction, what was done under the key that the body names. */
export function compensationRoute<Tables extends BarrierTables>(
  app: ServiceApp,
  url: string,
  barrier: Barrier<Tables>,
  undo: (trx: Transaction<Tables>, compensates: string) => Promise<void>,
): void {
  app.post(url, { schema: { body: compensationRequestSchema } }, async (request, reply) => {
    const keyed = keyedCompensation(request, request.body, 'action');
    const answer = await barrier.compensation(keyed, (trx) => undo(trx, keyed.compensates));
    return sendAnswer(request, reply, answer);
  });
}

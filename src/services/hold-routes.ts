import { z } from 'zod';
import { orderIdSchema } from '../domain/order-schema';
import type { Answer } from './barrier/barrier-rows';
import { idempotencyKeySchema, keyedCompensation, keyedConfirmation } from './barrier/idempotency';
import type { KeyedCompensation, KeyedConfirmation } from './barrier/idempotency';
import { compensationRequestSchema } from './compensation-route';
import type { ServiceApp } from './service-app';
import { sendAnswer } from './service-app';

/** What becomes of a TCC participant's holds. */
export interface HoldSettlement {
  confirm(request: KeyedConfirmation): Promise<Answer>;
  /** A cancel or a reversal, as `request.undoes` says. */
  undo(request: KeyedCompensation): Promise<Answer>;
}

const confirmSchema = z.strictObject({ orderId: orderIdSchema, confirms: idempotencyKeySchema });

/**
 * What a TCC participant has besides its `POST /holds`: `POST /confirmations`, `/cancellations` of what is only held,
 * `/reversals` of what may have been confirmed as well.
 */
export function holdRoutes(app: ServiceApp, holds: HoldSettlement): void {
  app.post('/confirmations', { schema: { body: confirmSchema } }, async (request, reply) =>
    sendAnswer(request, reply, await holds.confirm(keyedConfirmation(request, request.body))),
  );
  app.post('/cancellations', { schema: { body: compensationRequestSchema } }, async (request, reply) =>
    sendAnswer(request, reply, await holds.undo(keyedCompensation(request, request.body, 'held'))),
  );
  app.post('/reversals', { schema: { body: compensationRequestSchema } }, async (request, reply) =>
    sendAnswer(request, reply, await holds.undo(keyedCompensation(request, request.body, 'hold'))),
  );
}

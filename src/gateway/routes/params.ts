import { z } from 'zod';
import { orderRequestSchema } from '../../domain/order-schema';
import { ORDER_STATUSES } from '../../domain/order';
import { MAX_PAGE } from '../../orders/order-list';

/** An id that cannot be one is answered 404, as any order that there is not. */
export const orderParams = z.object({ id: z.string().describe('The order id') });

export const pageLimit = z.coerce.number().int().min(1).max(MAX_PAGE).default(20);

export const pageCursor = z.string().min(1).max(1000).optional();

export const listQuerySchema = z.strictObject({
  status: z.enum(ORDER_STATUSES).optional(),
  customerId: orderRequestSchema.shape.customerId.optional(),
  limit: pageLimit,
  cursor: pageCursor,
});

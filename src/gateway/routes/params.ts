import { z } from 'zod';
import { orderRequestSchema } from '../../domain/order-schema';
import { ORDER_STATUSES } from '../../domain/order';
import { MAX_PAGE } from '../../orders/order-list';

/** An id that cannot be one is answered 404, as any order that there is not. */
export const orderParams = z.object({ id: z.string().describe('The order id') });

export const pageLimit = z.coerce
  .number()
  .int()
  .min(1)
  .max(MAX_PAGE)
  .default(20)
  .describe('Orders of one page');

export const pageCursor = z.string().min(1).max(1000).optional().describe('`nextCursor` of the page before');

export const listQuerySchema = z.strictObject({
  status: z.enum(ORDER_STATUSES).optional().describe('Only in this state'),
  customerId: orderRequestSchema.shape.customerId
    .optional()
    .describe('Only of this customer; with a token of a customer, its own are all there are'),
  limit: pageLimit,
  cursor: pageCursor,
});

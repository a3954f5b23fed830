import { z } from 'zod';
import { ORDER_ID_PATTERN } from './ids';

/**
 * The order as it comes from outside: the JSON body of `POST /orders`, of `orders start --file` and the
 * flags of `orders start`. Unknown fields are refused, prices are not accepted: they come from the catalogue.
 *
 * Heavy (zod): workflow code imports the types of `order.ts` instead.
 */
const text = (max: number) => z.string().max(max).trim().min(1);

export const orderIdSchema = z
  .string()
  .regex(
    ORDER_ID_PATTERN,
    'must start with a letter or digit and have at most 64 letters, digits, "_" or "-"',
  );

export const orderItemSchema = z
  .strictObject({
    sku: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'must be a SKU of the catalogue'),
    quantity: z.int().min(1).max(1000),
  })
  .meta({ id: 'OrderItem' });

export const moneySchema = z
  .strictObject({
    value: z.int().min(0).max(Number.MAX_SAFE_INTEGER).describe('Minor units: 5998 is 59.98'),
    currency: z
      .string()
      .regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code such as EUR')
      .describe('ISO 4217'),
  })
  .meta({ id: 'Money' });

export const shippingAddressSchema = z
  .strictObject({
    name: text(200),
    line1: text(200),
    line2: text(200).optional(),
    city: text(100),
    postalCode: text(20),
    country: z
      .string()
      .regex(/^[A-Z]{2}$/, 'must be an ISO 3166-1 alpha-2 code such as DE')
      .describe('ISO 3166-1 alpha-2'),
  })
  .meta({ id: 'ShippingAddress' });

export const orderItemsSchema = z
  .array(orderItemSchema)
  .min(1)
  .max(100)
  .superRefine((items, ctx) => {
    const seen = new Set<string>();
    for (const [index, item] of items.entries()) {
      if (seen.has(item.sku)) {
        ctx.addIssue({
          code: 'custom',
          path: [index, 'sku'],
          message: `${item.sku} appears twice: give each SKU once, with its whole quantity`,
        });
      }
      seen.add(item.sku);
    }
  });

export const orderRequestSchema = z
  .strictObject({
    orderId: orderIdSchema.optional().describe('The same id with the same content is the same order'),
    customerId: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/, 'must have at most 64 letters, digits, "_" or "-"'),
    items: orderItemsSchema.describe('Each SKU once; prices come from the catalogue'),
    payment: z.strictObject({
      method: z
        .string()
        .regex(/^[A-Za-z0-9_]{1,64}$/, 'must be a payment method token such as pm_card_visa')
        .describe('A token of the payment provider'),
    }),
    shippingAddress: shippingAddressSchema,
    transaction: z.enum(['saga', 'tcc']).default('saga'),
    expectedAmount: moneySchema.optional().describe('The order is refused when it costs anything else'),
  })
  .meta({ id: 'OrderRequest' });

/** One thing wrong with an input: where (`items[0].quantity`) and what is allowed instead. */
export interface FieldError {
  readonly field: string;
  readonly message: string;
}

/** Every wrong field of a failed parse, in the input's own notation. */
export function fieldErrors(error: z.ZodError): FieldError[] {
  return error.issues.map((issue) => ({
    field: fieldPath(issue.path, issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined),
    message:
      issue.code === 'unrecognized_keys'
        ? `unknown field${issue.keys.length > 1 ? `s: ${issue.keys.join(', ')}` : ''}`
        : issue.message,
  }));
}

function fieldPath(path: readonly PropertyKey[], last?: string): string {
  const parts = last === undefined ? path : [...path, last];
  return (
    parts
      .map((part, index) =>
        typeof part === 'number' ? `[${String(part)}]` : `${index === 0 ? '' : '.'}${String(part)}`,
      )
      .join('') || '(body)'
  );
}

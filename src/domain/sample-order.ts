import type { z } from 'zod';
import type { orderRequestSchema } from './order-schema';

/** An order that completes in the sandbox: what `orders start --sample` orders where nothing else is said. */
export const SAMPLE_ORDER = {
  customerId: 'cus_1',
  items: [{ sku: 'SKU-KEYBOARD', quantity: 2 }],
  payment: { method: 'pm_card_visa' },
  shippingAddress: {
    name: 'A. Buyer',
    line1: '1 Main St',
    city: 'Berlin',
    postalCode: '10115',
    country: 'DE',
  },
} satisfies z.input<typeof orderRequestSchema>;

import type { z } from 'zod';
import type { orderRequestSchema } from '../domain/order-schema';

type OrderRequestExample = Readonly<z.input<typeof orderRequestSchema>>;

const completes: OrderRequestExample = {
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
};

/** Bodies of `POST /orders`, for its documentation: one for each way in which an order usually ends. */
export const ORDER_EXAMPLES = {
  completes: { summary: 'Completes: 201', value: completes },
  quoted: {
    summary: 'Completes if it costs what was quoted: 201, else 422',
    value: { ...completes, expectedAmount: { value: 5998, currency: 'EUR' } },
  },
  outOfStock: {
    summary: 'Nothing in stock: 409',
    value: { ...completes, items: [{ sku: 'SKU-NONE', quantity: 2 }] },
  },
  declined: {
    summary: 'The card is declined, everything is undone: 402',
    value: { ...completes, payment: { method: 'pm_card_declined' } },
  },
  noCarrier: {
    summary: 'No carrier goes there, the payment is refunded: 422',
    value: { ...completes, shippingAddress: { ...completes.shippingAddress, country: 'AQ' } },
  },
} as const;

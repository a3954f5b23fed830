import { SAMPLE_ORDER } from '../domain/sample-order';

/** Bodies of `POST /orders`, for its documentation: one for each way in which an order usually ends. */
export const ORDER_EXAMPLES = {
  completes: { summary: 'Completes: 201', value: SAMPLE_ORDER },
  quoted: {
    summary: 'Completes if it costs what was quoted: 201, else 422',
    value: { ...SAMPLE_ORDER, expectedAmount: { value: 5998, currency: 'EUR' } },
  },
  outOfStock: {
    summary: 'Nothing in stock: 409',
    value: { ...SAMPLE_ORDER, items: [{ sku: 'SKU-NONE', quantity: 2 }] },
  },
  declined: {
    summary: 'The card is declined, everything is undone: 402',
    value: { ...SAMPLE_ORDER, payment: { method: 'pm_card_declined' } },
  },
  noCarrier: {
    summary: 'No carrier goes there, the payment is refunded: 422',
    value: { ...SAMPLE_ORDER, shippingAddress: { ...SAMPLE_ORDER.shippingAddress, country: 'AQ' } },
  },
} as const;

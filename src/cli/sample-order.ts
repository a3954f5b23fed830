/** What `orders start --sample` orders where nothing else is said: it completes. */
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
} as const;

import { describe, expect, it } from '@jest/globals';
import { canonicalJson, orderFingerprint } from '../../../src/orders/fingerprint';
import { sampleOrder } from '../../support/orders';

describe('the fingerprint of an order', () => {
  const items = [
    { sku: 'SKU-A', quantity: 1 },
    { sku: 'SKU-B', quantity: 2 },
  ];

  it('is the same whatever the order of items and fields', () => {
    const order = sampleOrder({ items });
    const { shippingAddress, payment, ...rest } = order;
    const turned = { shippingAddress, payment, ...rest, items: [...items].reverse() };
    expect(orderFingerprint(turned)).toBe(orderFingerprint(order));
  });

  it('does not depend on the id', () => {
    expect(orderFingerprint(sampleOrder({ orderId: 'a' }))).toBe(
      orderFingerprint(sampleOrder({ orderId: 'b' })),
    );
  });

  it('takes an absent and an undefined field for the same', () => {
    const order = sampleOrder();
    const withUndefined = { ...order, shippingAddress: { ...order.shippingAddress, line2: undefined } };
    expect(orderFingerprint(withUndefined)).toBe(orderFingerprint(order));
  });

  it.each([
    ['customer', { customerId: 'cus_2' }],
    ['quantity', { items: [{ sku: 'SKU-KEYBOARD', quantity: 3 }] }],
    ['SKU', { items: [{ sku: 'SKU-MOUSE', quantity: 2 }] }],
    ['payment', { payment: { method: 'pm_card_declined' } }],
    ['address', { shippingAddress: { ...sampleOrder().shippingAddress, line2: 'c/o B' } }],
    ['transaction', { transaction: 'tcc' as const }],
  ])('changes with the %s', (_, change) => {
    expect(orderFingerprint(sampleOrder(change))).not.toBe(orderFingerprint(sampleOrder()));
  });

  it('is made of JSON with sorted keys at every depth', () => {
    expect(canonicalJson({ b: [{ d: 1, c: 2 }], a: undefined })).toBe('{"b":[{"c":2,"d":1}]}');
  });
});

import { createHash } from 'node:crypto';
import type { Order } from '../domain/order';

/**
 * Equal for orders of the same content and only for those: SHA-256 of the canonical order, in hex.
 *
 * Neither the order of the fields nor that of the items matters. The id is not part of it, and neither is
 * `expectedAmount`, which asks for a check and changes nothing about the order.
 */
export function orderFingerprint(order: Omit<Order, 'orderId'>): string {
  const { customerId, items, payment, shippingAddress, transaction } = order;
  const bySku = [...items].sort((a, b) => (a.sku < b.sku ? -1 : a.sku > b.sku ? 1 : 0));
  const content = { customerId, items: bySku, payment, shippingAddress, transaction };
  return createHash('sha256').update(canonicalJson(content)).digest('hex');
}

/** JSON with sorted keys; absent and `undefined` fields are the same. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

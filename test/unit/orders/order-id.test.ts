import { describe, expect, it } from '@jest/globals';
import { ORDER_ID_PATTERN } from '../../../src/domain/ids';
import { newOrderId } from '../../../src/orders/order-id';

describe('a new order id', () => {
  const ids = Array.from({ length: 1000 }, newOrderId);

  it('is a valid order id of lower-case letters and digits', () => {
    for (const id of ids) {
      expect(id).toMatch(ORDER_ID_PATTERN);
      expect(id).toMatch(/^ord_[0-9a-z]{25}$/);
    }
  });

  it('is never given twice', () => {
    expect(new Set(ids).size).toBe(ids.length);
  });
});

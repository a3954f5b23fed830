import { describe, expect, it } from '@jest/globals';
import { ordersQuery, quoteValue } from '../../../src/orders/visibility-query';

describe('list filters', () => {
  it.each([
    ['plain', `'plain'`],
    [`x' OR '1'='1`, `'x\\' OR \\'1\\'=\\'1'`],
    ['back\\slash', `'back\\\\slash'`],
    [`\\' OR 1=1 --`, `'\\\\\\' OR 1=1 --'`],
  ])('keep %j inside its literal', (value, literal) => {
    expect(quoteValue(value)).toBe(literal);
  });

  it('ask for orders only', () => {
    expect(ordersQuery()).toBe(`WorkflowType IN ('orderSaga', 'orderTcc', 'orderSettlement')`);
  });

  it('do not take a terminated workflow for a running order', () => {
    expect(ordersQuery({ status: 'running' })).toContain(
      `OrderStatus = 'running' AND ExecutionStatus = 'Running'`,
    );
    expect(ordersQuery({ status: 'failed' })).not.toContain('ExecutionStatus');
  });

  it('combine status and customer', () => {
    expect(ordersQuery({ status: 'completed', customerId: 'cus_1' })).toBe(
      `WorkflowType IN ('orderSaga', 'orderTcc', 'orderSettlement') AND OrderStatus = 'completed' AND CustomerId = 'cus_1'`,
    );
  });
});

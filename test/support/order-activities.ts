import type { OrderActivities } from '../../src/activities/activities';
import { reportAttempts } from '../../src/saga/report-attempts';

const UNDONE = { result: 'undone' } as const;
const CONFIRMED = { result: 'confirmed' } as const;
/** Nothing in a test of workflows waits for it. */
const EXPIRES_AT = '2100-01-01T00:00:00.000Z';

/** Activities of an order that all succeed, but for those given; each call's name is recorded in `calls`. */
export function scriptedActivities(script: Partial<OrderActivities> = {}, calls: string[] = []) {
  const activities: OrderActivities = {
    createOrder: ({ orderId }) => Promise.resolve({ orderId }),
    cancelOrder: () => Promise.resolve(UNDONE),
    reserveInventory: ({ expectedAmount }) =>
      Promise.resolve({ reservationId: 'res_1', amount: expectedAmount }),
    releaseInventory: () => Promise.resolve(UNDONE),
    processPayment: () => Promise.resolve({ paymentId: 'pay_1' }),
    refundPayment: () => Promise.resolve(UNDONE),
    createShipment: () => Promise.resolve({ shipmentId: 'shp_1' }),
    cancelShipment: () => Promise.resolve(UNDONE),
    tryInventory: ({ expectedAmount }) =>
      Promise.resolve({ holdId: 'hold_1', amount: expectedAmount, expiresAt: EXPIRES_AT }),
    confirmInventory: () => Promise.resolve(CONFIRMED),
    cancelInventory: () => Promise.resolve(UNDONE),
    reverseInventory: () => Promise.resolve(UNDONE),
    tryPayment: () => Promise.resolve({ paymentId: 'pay_1', expiresAt: EXPIRES_AT }),
    confirmPayment: () => Promise.resolve(CONFIRMED),
    cancelPayment: () => Promise.resolve(UNDONE),
    reversePayment: () => Promise.resolve(UNDONE),
    ...script,
  };
  const recording = Object.entries(activities).map(([name, activity]) => [
    name,
    (...args: never[]) => {
      calls.push(name);
      return (activity as (...args: never[]) => Promise<unknown>)(...args);
    },
  ]);
  return reportAttempts(Object.fromEntries(recording) as OrderActivities);
}

import type { Tracer } from '@opentelemetry/api';
import type { Config } from '../config/config';
import { spreadRetries } from '../saga/jitter';
import { reportAttempts } from '../saga/report-attempts';
import { createInventoryActivities } from './inventory-activities';
import { createOrderActivities } from './order-activities';
import { createPaymentActivities } from './payment-activities';
import { createShippingActivities } from './shipping-activities';

/** The activities as workflows see them, before attempts are reported. */
export type OrderActivities = ReturnType<typeof bareActivities>;

function bareActivities(tracer: Tracer, services: Config['services']) {
  const deps = (name: keyof Config['services']) => ({ tracer, baseUrl: services[name].url });
  return {
    ...createOrderActivities(deps('order')),
    ...createInventoryActivities(deps('inventory')),
    ...createPaymentActivities(deps('payment')),
    ...createShippingActivities(deps('shipping')),
  };
}

/** All activities of the order workflows, for a worker. */
export function createActivities(tracer: Tracer, services: Config['services']) {
  return reportAttempts(spreadRetries(bareActivities(tracer, services)));
}

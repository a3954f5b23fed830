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

/** Of the configuration, what calls of the services need. */
type CallConfig = Pick<Config, 'services' | 'serviceAccess'>;

function bareActivities(tracer: Tracer, { services, serviceAccess: { tokens } }: CallConfig) {
  const deps = (name: keyof Config['services']) => ({ tracer, tokens, baseUrl: services[name].url });
  return {
    ...createOrderActivities(deps('order')),
    ...createInventoryActivities(deps('inventory')),
    ...createPaymentActivities(deps('payment')),
    ...createShippingActivities(deps('shipping')),
  };
}

/** All activities of the order workflows, for a worker. */
export function createActivities(tracer: Tracer, config: CallConfig) {
  return reportAttempts(spreadRetries(bareActivities(tracer, config)));
}

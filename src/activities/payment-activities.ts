import type { CompensationRequest, CompensationResponse } from '../domain/service-contract';
import type { ProcessPaymentRequest, ProcessPaymentResponse } from '../domain/service-contract';
import { callService } from './service-client';
import type { ServiceClientDeps } from './service-client';
import type { Keyed } from './keyed';

/** Calls of the payment service. */
export function createPaymentActivities(deps: ServiceClientDeps) {
  return {
    processPayment: ({ key, ...body }: Keyed<ProcessPaymentRequest>) =>
      callService<ProcessPaymentResponse>(deps, { route: '/payments', key, body }),

    refundPayment: ({ key, ...body }: Keyed<CompensationRequest>) =>
      callService<CompensationResponse>(deps, { route: '/refunds', key, body }),
  };
}

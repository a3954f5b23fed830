import type { CompensationRequest, CompensationResponse } from '../domain/service-contract';
import type { ConfirmRequest, ConfirmResponse } from '../domain/service-contract';
import type { ProcessPaymentRequest, ProcessPaymentResponse } from '../domain/service-contract';
import type { TryPaymentRequest, TryPaymentResponse } from '../domain/service-contract';
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

    tryPayment: ({ key, ...body }: Keyed<TryPaymentRequest>) =>
      callService<TryPaymentResponse>(deps, { route: '/holds', key, body }),

    confirmPayment: ({ key, ...body }: Keyed<ConfirmRequest>) =>
      callService<ConfirmResponse>(deps, { route: '/confirmations', key, body }),

    cancelPayment: ({ key, ...body }: Keyed<CompensationRequest>) =>
      callService<CompensationResponse>(deps, { route: '/cancellations', key, body }),

    /** Undoes also what was confirmed. */
    reversePayment: ({ key, ...body }: Keyed<CompensationRequest>) =>
      callService<CompensationResponse>(deps, { route: '/reversals', key, body }),
  };
}

import type { SagaPolicies } from '../../src/saga/policy';

/** Short times for tests: real back-off and attempts, nothing that takes long to run out. */
export const FAST_POLICIES: SagaPolicies = {
  step: { timeoutMs: 5_000, maxAttempts: 2, backoffInitialMs: 5, backoffMaxMs: 20, backoffCoefficient: 2 },
  compensation: {
    timeoutMs: 5_000,
    maxAttempts: 2,
    backoffInitialMs: 5,
    backoffMaxMs: 20,
    backoffCoefficient: 2,
  },
};

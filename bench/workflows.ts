import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import { SAGA_STEPS } from '../src/domain/steps';
import type { SagaPolicies, StepPolicy } from '../src/saga/policy';
import type { Reporting } from '../src/saga/report';
import { Saga } from '../src/saga/saga';

/** Does nothing, as quickly as it can be done. */
export interface NoOps {
  noOp(call: { readonly key: string }): Promise<void>;
}

const OPTIONS = { startToCloseTimeout: '5 seconds', retry: { maximumAttempts: 4 } } as const;
const remote = proxyActivities<NoOps>(OPTIONS);
const local = proxyLocalActivities<NoOps>(OPTIONS);

/** What everything is measured against: four activities, and nothing else. */
export async function bare(): Promise<void> {
  for (const { name } of SAGA_STEPS) await remote.noOp({ key: name });
}

/** The same, carried out inside of the workflow task. */
export async function bareLocal(): Promise<void> {
  for (const { name } of SAGA_STEPS) await local.noOp({ key: name });
}

const POLICY: StepPolicy = {
  timeoutMs: 5_000,
  maxAttempts: 4,
  backoffInitialMs: 200,
  backoffMaxMs: 5_000,
  backoffCoefficient: 2,
};
const POLICIES: SagaPolicies = { step: POLICY, compensation: POLICY };

/** The kit's saga with the four steps of an order, each with its compensation, which do nothing. */
export async function saga(): Promise<void> {
  const transaction = new Saga<NoOps>({ title: 'Bench', plan: SAGA_STEPS, policies: POLICIES });
  const noOp = ({ activities, key }: { activities: Reporting<NoOps>; key: string }) =>
    activities.noOp({ key });
  await transaction.run(async () => {
    for (const plan of SAGA_STEPS) await transaction.step(plan, { action: noOp, compensate: noOp });
  });
}

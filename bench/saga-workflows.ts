import { condition, defineSignal, setHandler } from '@temporalio/workflow';
import { SAGA_STEPS } from '../src/domain/steps';
import type { StepPolicy } from '../src/saga/policy';
import type { Reporting } from '../src/saga/report';
import { Saga } from '../src/saga/saga';
import type { NoOps } from './no-ops';

const REMOTE: StepPolicy = {
  timeoutMs: 5_000,
  maxAttempts: 4,
  backoffInitialMs: 200,
  backoffMaxMs: 5_000,
  backoffCoefficient: 2,
};
const LOCAL: StepPolicy = { ...REMOTE, firstAttempt: 'local' };

/** The kit's saga with the four steps of an order, each with its compensation, which do nothing. */
export function saga(): Promise<void> {
  return sagaUnder(REMOTE);
}

/** The same, with every first attempt in the workflow task. */
export function sagaLocal(): Promise<void> {
  return sagaUnder(LOCAL);
}

/** The same as {@link saga}, whose last step is refused. */
export function sagaRefused(): Promise<void> {
  return sagaUnder(REMOTE, { refused: SAGA_STEPS.at(-1) });
}

/** The same as {@link sagaLocal}, whose last step is refused. */
export function sagaLocalRefused(): Promise<void> {
  return sagaUnder(LOCAL, { refused: SAGA_STEPS.at(-1) });
}

export const goOn = defineSignal('goOn');

/** Waits after its steps, as an order waits for a person. */
export function sagaWaiting(): Promise<void> {
  let waits = true;
  setHandler(goOn, () => {
    waits = false;
  });
  return sagaUnder(LOCAL, { afterwards: () => condition(() => !waits) });
}

interface Variant {
  readonly refused?: (typeof SAGA_STEPS)[number] | undefined;
  readonly afterwards?: () => Promise<void>;
}

async function sagaUnder(policy: StepPolicy, { refused, afterwards }: Variant = {}): Promise<void> {
  const noOp = ({ activities, key }: { activities: Reporting<NoOps>; key: string }) =>
    activities.noOp({ key });
  const refuse = ({ activities, key }: { activities: Reporting<NoOps>; key: string }) =>
    activities.noOp({ key, refused: true });
  const transaction = new Saga<NoOps>({
    title: 'Bench',
    plan: SAGA_STEPS,
    policies: { step: policy, compensation: policy },
    undoOf: () => noOp,
  });
  await transaction.run(async () => {
    for (const plan of SAGA_STEPS) {
      await transaction.step(plan, { action: plan === refused ? refuse : noOp, compensate: noOp });
    }
    await afterwards?.();
  });
}

import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { NoOps } from './no-ops';

const OPTIONS = { startToCloseTimeout: '5 seconds', retry: { maximumAttempts: 4 } } as const;
const remote = proxyActivities<NoOps>(OPTIONS);
const local = proxyLocalActivities<NoOps>(OPTIONS);

const STEPS = ['create_order', 'reserve_inventory', 'process_payment', 'create_shipment'];
const UNDONE = ['refund_payment', 'release_inventory', 'cancel_order'];

/** What everything is measured against: four activities, and nothing else in the bundle. */
export async function bare(): Promise<void> {
  for (const key of STEPS) await remote.noOp({ key });
}

/** The same, carried out inside of the workflow task. */
export async function bareLocal(): Promise<void> {
  for (const key of STEPS) await local.noOp({ key });
}

/** The same as {@link bare} until the last one is refused; then what undoes the others. */
export async function bareRefused(): Promise<void> {
  const last = STEPS.length - 1;
  try {
    for (const [index, key] of STEPS.entries()) await remote.noOp({ key, refused: index === last });
  } catch (error) {
    for (const key of UNDONE) await remote.noOp({ key });
    throw error;
  }
}

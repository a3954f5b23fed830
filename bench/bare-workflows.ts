import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { NoOps } from './no-ops';

const OPTIONS = { startToCloseTimeout: '5 seconds', retry: { maximumAttempts: 4 } } as const;
const remote = proxyActivities<NoOps>(OPTIONS);
const local = proxyLocalActivities<NoOps>(OPTIONS);

const STEPS = ['create_order', 'reserve_inventory', 'process_payment', 'create_shipment'];

/** What everything is measured against: four activities, and nothing else in the bundle. */
export async function bare(): Promise<void> {
  for (const key of STEPS) await remote.noOp({ key });
}

/** The same, carried out inside of the workflow task. */
export async function bareLocal(): Promise<void> {
  for (const key of STEPS) await local.noOp({ key });
}

import type { CompensationName } from '../../domain/steps';
import type { CommandContext } from '../context';
import { EXIT } from '../failure';
import type { ExitCode } from '../failure';
import { orderIdArgument } from '../order-argument';
import { awaitAndPrint } from '../outcome';
import { withSession } from '../session';

export interface RetryOptions {
  readonly step?: CompensationName;
  readonly by: string;
}

/** Has what a parked order waits with tried again; 1 when it parked once more. */
export async function retry(
  id: string,
  { step, by }: RetryOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const orderId = orderIdArgument(id);
  return withSession(context, {}, async ({ orders }) => {
    await orders.retryCompensation(orderId, { by, ...(step !== undefined && { step }) });
    context.output.note(`Order ${orderId}: tried again by ${by}`);
    const outcome = await awaitAndPrint(orders, orderId, context);
    return outcome?.status === 'needs_attention' ? EXIT.notCompleted : EXIT.done;
  });
}

import type { CompensationName } from '../../domain/steps';
import type { CommandContext } from '../context';
import { EXIT, UsageError } from '../failure';
import type { ExitCode } from '../failure';
import { orderIdArgument } from '../order-argument';
import { awaitAndPrint } from '../outcome';
import { retryAll } from '../retry-all';
import { withSession } from '../session';

export interface RetryOptions {
  readonly all?: true;
  readonly step?: CompensationName;
  readonly customer?: string;
  readonly yes?: true;
  readonly by: string;
  readonly reason?: string;
}

/** Has what a parked order waits with tried again, or what all of them do; 1 when it parked once more. */
export async function retry(
  id: string | undefined,
  options: RetryOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const { all, customer, yes, step, by, reason } = options;
  if (all === true) {
    if (id !== undefined) throw new UsageError(`Either one order or --all, not both: ${id}`);
    return retryAll(options, context);
  }
  if (id === undefined) throw new UsageError('Which order? Name one, or say --all');
  if (customer !== undefined || yes !== undefined) throw new UsageError('--customer and --yes go with --all');
  const orderId = orderIdArgument(id);
  return withSession(context, {}, async ({ orders }) => {
    await orders.retryCompensation(orderId, {
      by,
      ...(step !== undefined && { step }),
      ...(reason !== undefined && { reason }),
    });
    context.output.note(`Order ${orderId}: tried again by ${by}`);
    const outcome = await awaitAndPrint(orders, orderId, context);
    return outcome?.status === 'needs_attention' ? EXIT.notCompleted : EXIT.done;
  });
}

import type { CompensationName } from '../../domain/steps';
import type { CommandContext } from '../context';
import { EXIT } from '../failure';
import type { ExitCode } from '../failure';
import { orderIdArgument } from '../order-argument';
import { awaitAndPrint } from '../outcome';
import { withSession } from '../session';
import { titleOf } from '../render-order';

export interface SkipOptions {
  readonly step: CompensationName;
  readonly reason: string;
  readonly by: string;
}

/** Gives up one compensation that a parked order waits with, on record with who and why. */
export async function skip(
  id: string,
  { step, reason, by }: SkipOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const orderId = orderIdArgument(id);
  return withSession(context, {}, async ({ orders }) => {
    await orders.skipCompensation(orderId, { step, reason, by });
    context.output.note(`Order ${orderId}: ${titleOf(step)} given up by ${by}`);
    await awaitAndPrint(orders, orderId, context);
    return EXIT.done;
  });
}

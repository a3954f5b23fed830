import type { StoredSpan } from '../../telemetry/stored-span';
import { breach } from './breach';
import type { TraceBreach } from './breach';
import type { OrderTrace } from './order-trace';
import { roundsOf } from './order-trace';
import { isOpen } from './traced-order';

/** What is under way is running, and nothing else; of an order that is over, nothing is. */
export function runningBreaches(trace: OrderTrace): TraceBreach[] {
  const { order, spans } = trace;
  if (isOpen(order)) return openBreaches(trace);
  const state = order.interrupted ?? order.status;
  return spans
    .filter(({ running }) => running === true)
    .map((span) => breach('running', span, 'it still running', `its end: the order is ${state}`));
}

function openBreaches(trace: OrderTrace): TraceBreach[] {
  const { order, sagas, runs, steps } = trace;
  return [
    ...[...sagas, ...runs].flatMap((span) => agree(span, true, `the order is ${order.status}`, trace)),
    ...steps.flatMap(({ plan, span }) => {
      const state = order.steps?.find(({ step }) => step === plan.name)?.state;
      return state === undefined
        ? []
        : agree(span, state === 'running', `the step ${plan.name} is ${state}`, trace);
    }),
    ...(order.compensations ?? []).flatMap(({ step, state }) => {
      const rounds = roundsOf(trace, step);
      return rounds.flatMap((span, index) => {
        const running = state === 'running' && index === rounds.length - 1;
        return agree(span, running, `the compensation ${step} is ${state}`, trace);
      });
    }),
  ];
}

/** An activity may be done a moment before the step that waits for it, never after. */
export function agree(
  span: StoredSpan,
  running: boolean,
  why: string,
  { childrenOf }: OrderTrace,
): TraceBreach[] {
  const spans = running ? [span] : [span, ...childrenOf(span)];
  return spans
    .filter((candidate) => (candidate.running === true) !== running)
    .map((candidate) =>
      running
        ? breach('running', candidate, 'it ended', `it still running: ${why}`)
        : breach('running', candidate, 'it still running', `its end: ${why}`),
    );
}

import type { OrderView } from '../../../src/domain/order';
import { isFinal } from '../../../src/domain/order';
import { ORDER_TRANSACTION } from '../../../src/domain/steps';

/** For each series of a counter, when each of the events happened that it should count, ms since 1970. */
export type Happened = Map<string, number[]>;

/** What the worker's counters should have counted of `orders`, by what the orders themselves say. */
export function happenedIn(orders: readonly OrderView[]): Happened {
  const happened: Happened = new Map();
  const add = (series: string, time: string) => {
    happened.set(series, [...(happened.get(series) ?? []), Date.parse(time)]);
  };
  for (const order of orders) {
    addSteps(order, add);
    addCompensations(order, add);
    if (!isFinal(order.status)) continue;
    const ended = `{saga_name="${ORDER_TRANSACTION}",saga_outcome="${order.status}"}`;
    add(`saga_completed_total${ended}`, order.updatedAt);
    add(`saga_duration_seconds_count${ended}`, order.updatedAt);
  }
  return happened;
}

type Add = (series: string, time: string) => void;

function addSteps({ steps }: OrderView, add: Add): void {
  for (const { step, state, endedAt } of steps) {
    if (endedAt !== undefined) add(duration(step, 'action', state), endedAt);
  }
}

function addCompensations({ compensations }: OrderView, add: Add): void {
  const [first] = compensations;
  if (first?.startedAt === undefined) return;
  add(`saga_compensated_total{saga_name="${ORDER_TRANSACTION}"}`, first.startedAt);
  for (const { step, state, endedAt } of compensations) {
    if (endedAt === undefined) throw new Error(`${step} has not ended`);
    add(`saga_compensation_total{saga_step="${step}",saga_outcome="${state}"}`, endedAt);
    add(duration(step, 'compensation', state), endedAt);
  }
}

function duration(step: string, type: string, outcome: string): string {
  const labels = `saga_step="${step}",saga_step_type="${type}",saga_outcome="${outcome}"`;
  return `saga_step_duration_seconds_count{${labels}}`;
}

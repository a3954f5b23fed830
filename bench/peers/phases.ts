import { inParallel, percentile } from '../measure';
import type { Outcome, PlaceOrder } from './work';

export interface Sizes {
  /** Not counted: code and connections are cold. */
  readonly warmUp: number;
  /** Many at a time. */
  readonly orders: number;
  /** One at a time. */
  readonly alone: number;
  /** Many at a time, each refused at its last step. */
  readonly compensated: number;
  readonly parallel: number;
}

export interface Figures {
  readonly perSecond: number;
  /** ms, many at a time. */
  readonly busyP50: number;
  /** ms, one at a time. */
  readonly p50: number;
  readonly p99: number;
  readonly compensatedPerSecond: number;
}

/** Measures one subject, phase by phase. @throws Error when an order ends otherwise than it should. */
export async function measureOrders(place: PlaceOrder, sizes: Sizes): Promise<Figures> {
  const { parallel } = sizes;
  await phase(place, { label: 'warm', count: sizes.warmUp, parallel, wanted: 'completed' });
  const busy = await phase(place, { label: 'busy', count: sizes.orders, parallel, wanted: 'completed' });
  const alone = await phase(place, { label: 'alone', count: sizes.alone, parallel: 1, wanted: 'completed' });
  const undone = { label: 'undone', count: sizes.compensated, parallel, wanted: 'compensated' } as const;
  const { perSecond: compensatedPerSecond } = await phase(place, undone);
  return {
    perSecond: busy.perSecond,
    busyP50: percentile(busy.latencies, 0.5),
    p50: percentile(alone.latencies, 0.5),
    p99: percentile(alone.latencies, 0.99),
    compensatedPerSecond,
  };
}

interface Phase {
  readonly label: string;
  readonly count: number;
  readonly parallel: number;
  readonly wanted: Outcome;
}

async function phase(place: PlaceOrder, { label, count, parallel, wanted }: Phase) {
  const latencies: number[] = [];
  let begun = 0;
  const startedAt = performance.now();
  await inParallel(count, parallel, async () => {
    // None is the beginning of another: DTM's store (boltdb 1.19.0) would mistake the branches of one for the other's.
    const id = `${label}-${String(begun++).padStart(6, '0')}`;
    const from = performance.now();
    const outcome = await place(id, wanted);
    latencies.push(performance.now() - from);
    if (outcome !== wanted) throw new Error(`${id} is ${outcome}, not ${wanted}`);
  });
  return { latencies, perSecond: (1000 * count) / (performance.now() - startedAt) };
}

/**
 * Above which the alerts of ops/prometheus/rules/alerts.yml fire, by their names: fractions, seconds, orders. A test
 * compares them with the rules.
 */
export const ALERT_LIMITS = {
  SagaCompensationRateHigh: 0.1,
  SagaCompensationFailureRateHigh: 0.01,
  SagaSlow: 5,
  OrdersNeedAttention: 0,
} as const;

/** The part of durations that must be below the limit. */
const QUANTILE = 0.95;

/** What became of orders in the last hour, in numbers. */
export interface LastHourFacts {
  /** Orders that ended in it, by what they ended as. */
  readonly ended: Readonly<Record<'completed' | 'failed' | 'cancelled', number>>;
  /** Orders that began in it, and are being undone or wait for an operator. */
  readonly unfinished: number;
  /** Of the orders that failed, were cancelled or wait; undefined when no worker says what became of those that wait. */
  readonly compensations: (Sampled & { readonly done: number; readonly failed: number }) | undefined;
  /** From start to end, of the orders that ended. */
  readonly seconds: Sampled & { readonly values: readonly number[] };
  /** Orders that wait for an operator now, whenever they began. */
  readonly waiting: number;
}

/** Not all that there were may have been looked at: then the newest. */
interface Sampled {
  readonly of: number;
  readonly read: number;
}

/** What an alert is about, as a number; the same as Prometheus's rules compute, over an hour. */
export interface Signal {
  readonly name: string;
  readonly unit: 'ratio' | 's' | 'orders';
  readonly value: number | null;
  /** Why there is no value. */
  readonly unknown?: 'no orders' | 'nothing was undone' | 'no worker answers';
  /** `warn` where the alert would be about it. */
  readonly state: 'ok' | 'warn' | 'none';
  /** The alert of docs/runbook.md that is about it, if any. */
  readonly alert?: keyof typeof ALERT_LIMITS;
  /** What the value is of, when it is not of all. */
  readonly sample?: Sampled;
}

/** What the alerts are about, of the last hour. */
export function signalsOf({ ended, unfinished, compensations, seconds, waiting }: LastHourFacts): Signal[] {
  const { completed, failed, cancelled } = ended;
  const undone = failed + cancelled + unfinished;
  const { done = 0, failed: failures = 0 } = compensations ?? {};
  return [
    signal('success rate', 'ratio', ratio(completed, completed + failed + cancelled)),
    signal('compensation rate', 'ratio', ratio(undone, completed + undone), {
      alert: 'SagaCompensationRateHigh',
    }),
    signal('compensation success rate', 'ratio', ratio(done, done + failures), {
      alert: 'SagaCompensationFailureRateHigh',
      measure: (value) => 1 - value,
      ...(compensations === undefined
        ? { unknown: 'no worker answers' }
        : { unknown: 'nothing was undone', sample: compensations }),
    }),
    signal('duration, p95', 's', quantile(seconds.values), { alert: 'SagaSlow', sample: seconds }),
    signal('orders that need attention', 'orders', waiting, { alert: 'OrdersNeedAttention' }),
  ];
}

interface About {
  readonly alert?: keyof typeof ALERT_LIMITS;
  /** What the alert's limit is for. @default the value itself */
  readonly measure?: (value: number) => number;
  readonly sample?: Sampled;
  /** @default 'no orders' */
  readonly unknown?: Signal['unknown'];
}

function signal(
  name: string,
  unit: Signal['unit'],
  value: number | null,
  { alert, measure = (same) => same, sample, unknown = 'no orders' }: About = {},
): Signal {
  const over = value !== null && alert !== undefined && measure(value) > ALERT_LIMITS[alert];
  return {
    name,
    unit,
    value,
    ...(value === null && { unknown }),
    state: value === null ? 'none' : over ? 'warn' : 'ok',
    ...(alert !== undefined && { alert }),
    ...(sample !== undefined && sample.read < sample.of && { sample: { of: sample.of, read: sample.read } }),
  };
}

function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

/** By the nearest rank. */
function quantile(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(QUANTILE * sorted.length) - 1] ?? null;
}

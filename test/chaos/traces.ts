import type { Config } from '../../src/config/config';
import type { OrderView } from '../../src/domain/order';
import type { StoredSpan } from '../../src/telemetry/stored-span';
import { openTraceStore } from '../../src/telemetry/trace-store';
import { lintTrace } from '../../src/traces/lint-trace';
import { eventually } from '../support/eventually';

/** The trace of each order, as it is stored now. */
export function tracesOf(views: readonly OrderView[], config: Config): StoredSpan[][] {
  const store = openTraceStore(config);
  try {
    return views.map(({ traceId }) => store.spansOf(traceId));
  } finally {
    store.close();
  }
}

/** What the linter says of each trace that does not become whole in time. */
export async function breachesInTheEnd(
  views: readonly OrderView[],
  config: Config,
  limitMs: number,
): Promise<string[]> {
  let broken = views;
  let breaches: string[] = [];
  await eventually(
    () => {
      const traces = tracesOf(broken, config);
      const found = broken.map((view, index) => breachesOf(view, traces[index] ?? []));
      broken = broken.filter((_, index) => found[index]?.length !== 0);
      breaches = found.flat();
      return breaches;
    },
    ({ length }) => length === 0,
    'every trace is whole',
    limitMs,
  ).catch(() => undefined);
  return breaches;
}

function breachesOf(view: OrderView, spans: readonly StoredSpan[]): string[] {
  return lintTrace(spans, view).map(
    ({ rule, detail }) => `${view.orderId} (${view.status}): ${rule}: ${detail}`,
  );
}

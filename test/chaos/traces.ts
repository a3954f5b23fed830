import type { Config } from '../../src/config/config';
import type { OrderView } from '../../src/domain/order';
import type { StoredSpan } from '../../src/telemetry/stored-span';
import { openTraceStore } from '../../src/telemetry/trace-store';
import { eventually } from '../support/eventually';
import { lintTrace } from '../../src/traces/lint-trace';

export function spansOf({ traceId }: OrderView, config: Config): StoredSpan[] {
  const store = openTraceStore(config);
  try {
    return store.spansOf(traceId);
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
  await eventually(
    () => (broken = broken.filter((view) => breachesOf(view, config).length > 0)),
    ({ length }) => length === 0,
    'every trace is whole',
    limitMs,
  ).catch(() => undefined);
  return broken.flatMap((view) => breachesOf(view, config));
}

function breachesOf(view: OrderView, config: Config): string[] {
  return lintTrace(spansOf(view, config), view).map(
    ({ rule, detail }) => `${view.orderId} (${view.status}): ${rule}: ${detail}`,
  );
}

import type { Config } from '../../src/config/config';
import type { OrderView } from '../../src/domain/order';
import type { StoredSpan } from '../../src/telemetry/stored-span';
import { openTraceStore } from '../../src/telemetry/trace-store';
import { lintTrace } from '../../src/traces/lint-trace';

export function spansOf({ traceId }: OrderView, config: Config): StoredSpan[] {
  const store = openTraceStore(config);
  try {
    return store.spansOf(traceId);
  } finally {
    store.close();
  }
}

/** What the linter says of the order's trace, as it is stored now. */
export function breachesOf(view: OrderView, config: Config): string[] {
  return lintTrace(spansOf(view, config), view).map(
    ({ rule, detail }) => `${view.orderId} (${view.status}): ${rule}: ${detail}`,
  );
}

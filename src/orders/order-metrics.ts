import type { Meter } from '@opentelemetry/api';
import type { OrderStatus } from '../domain/order';
import { errorMessage } from '../telemetry/error-type';
import { LABELS, METRICS } from '../telemetry/metric-names';
import type { Telemetry } from '../telemetry/telemetry';

/**
 * Measures how many orders are in each state, as Temporal lists them at every scrape: the same from every worker. While
 * Temporal does not answer, there is no value.
 */
export function observeOrders(
  { metrics: { meter }, logger }: Pick<Telemetry, 'metrics' | 'logger'>,
  counts: () => Promise<Readonly<Record<OrderStatus, number>>>,
): void {
  const { byStatus, attention } = gauges(meter);
  meter.addBatchObservableCallback(
    async (result) => {
      try {
        const found = await counts();
        for (const [status, count] of Object.entries(found)) {
          result.observe(byStatus, count, { [LABELS.orderStatus]: status });
        }
        result.observe(attention, found.needs_attention);
      } catch (error) {
        logger.warn({ reason: errorMessage(error) }, 'orders could not be counted');
      }
    },
    [byStatus, attention],
  );
}

function gauges(meter: Meter) {
  return {
    byStatus: meter.createObservableGauge(METRICS.ordersByStatus, {
      unit: '{order}',
      description: 'Orders that Temporal knows, by status',
    }),
    attention: meter.createObservableGauge(METRICS.ordersNeedAttention, {
      unit: '{order}',
      description: 'Orders that wait for an operator',
    }),
  };
}

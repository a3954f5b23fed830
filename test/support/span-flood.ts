import { setImmediate as turn } from 'node:timers/promises';
import { loadConfig } from '../../src/config/config';
import { startTelemetry } from '../../src/telemetry/start-telemetry';

const SPANS_PER_TURN = 50;

/**
 * `span-flood.ts <spans> <reports>`: ends that many spans as a part does, configured by the environment as a part is,
 * and prints this process's RSS in bytes on a line of its own each time another `1/reports` of them has ended.
 */
async function main([count = '0', reports = '1']: string[]): Promise<void> {
  const telemetry = startTelemetry({ service: 'order-service', config: loadConfig() });
  const total = Number(count);
  const every = total / Number(reports);
  for (let ended = 1; ended <= total; ended += 1) {
    telemetry.tracer
      .startSpan('RunActivity:reserveInventory', {
        attributes: { 'order.id': `ord_${String(ended)}`, 'saga.id': `saga_${String(ended)}` },
      })
      .end();
    if (ended % SPANS_PER_TURN === 0) await turn();
    if (ended % every === 0) process.stdout.write(`${String(process.memoryUsage.rss())}\n`);
  }
  // What is still to be sent to a backend in trouble would keep this process for long.
  process.exit(0);
}

void main(process.argv.slice(2));

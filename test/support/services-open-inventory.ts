import { once } from 'node:events';
import { loadConfig } from '../../src/config/config';
import { buildInventoryApp } from '../../src/services/inventory/app';
import { testTelemetry } from './services-telemetry';

/** A process that opens the inventory's database when stdin says so, tells its stock, and ends. */
async function main(): Promise<void> {
  process.stdout.write('waiting\n');
  await once(process.stdin, 'data');
  const app = await buildInventoryApp({ config: loadConfig(), telemetry: testTelemetry() });
  const { stock } = (await app.inject('/books')).json<{ stock: unknown[] }>();
  process.stdout.write(`${String(stock.length)}\n`);
  await app.close();
  process.exit(0);
}

void main();

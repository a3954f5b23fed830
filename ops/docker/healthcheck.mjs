// Exits 0 when the part that this container runs is ready to work, otherwise 1 with the reason. The part is the argument,
// or what the container's first process was started with.
import { readFileSync } from 'node:fs';
import { get } from 'node:http';

/** By part: the variable with its port, what that is by default, and what answers 200 when the part is ready. */
const PROBES = {
  gateway: ['GATEWAY_PORT', 3000, '/readyz'],
  order: ['ORDER_SERVICE_PORT', 3001, '/readyz'],
  inventory: ['INVENTORY_SERVICE_PORT', 3002, '/readyz'],
  payment: ['PAYMENT_SERVICE_PORT', 3003, '/readyz'],
  shipping: ['SHIPPING_SERVICE_PORT', 3004, '/readyz'],
  worker: ['METRICS_PORT', 9464, '/metrics'],
};
const TIMEOUT_MS = 4_000;

const part = process.argv[2] ?? readFileSync('/proc/1/cmdline', 'utf8').split('\0').filter(Boolean).at(-1);
const probe = Object.hasOwn(PROBES, part) ? PROBES[part] : undefined;
if (probe === undefined) fail(`there is no part ${part}`);
const [variable, standard, path] = probe;
const url = `http://127.0.0.1:${process.env[variable] || standard}${path}`;

get(url, { timeout: TIMEOUT_MS }, (response) => {
  if (response.statusCode === 200) process.exit(0);
  fail(`${url} answers ${response.statusCode}`);
})
  .on('timeout', () => fail(`${url} does not answer`))
  .on('error', (error) => fail(`${url}: ${error.message}`));

function fail(reason) {
  process.stderr.write(`${reason}\n`);
  process.exit(1);
}

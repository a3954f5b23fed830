import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { stringify } from 'yaml';
import type { Config } from '../../../src/config/config';
import type { PartName } from '../../../src/stack/start-part';
import { findFreePort } from '../../../src/temporal/ports';
import { eventually } from '../eventually';
import { readYaml } from './paths';
import { isAlert, ruleFiles } from './prometheus-rules';

const HOST = '127.0.0.1';

/** How often a test's Prometheus scrapes and evaluates. */
const INTERVAL = '1s';

/** How long any condition lasts before a test's alert fires, so that it is seen pending, and then firing. */
const FOR = '2s';

/** One series of an answer, with its newest value. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** An alert as Prometheus's API has it. */
export interface ActiveAlert {
  readonly name: string;
  readonly state: 'pending' | 'firing';
}

/**
 * Debian's `prometheus` (`PROMETHEUS` names another one) with the configuration, the rules and the alerts of
 * ops/prometheus: what they ask for is untouched, only where the parts are and how long things take is the test's own.
 */
export class PrometheusServer {
  readonly #process: ChildProcess;
  readonly #url: string;
  readonly #directory: string;

  private constructor(process_: ChildProcess, url: string, directory: string) {
    this.#process = process_;
    this.#url = url;
    this.#directory = directory;
  }

  /** Returns once it answers. @param addresses of the parts, by their names. */
  static async start(addresses: Readonly<Record<string, string>>): Promise<PrometheusServer> {
    const directory = await mkdtemp(path.join(os.tmpdir(), 'durable-orders-prometheus-'));
    const address = `${HOST}:${String(await findFreePort(HOST))}`;
    await writeConfiguration(directory, address, addresses);
    const child = spawn(
      process.env['PROMETHEUS'] ?? 'prometheus',
      [
        `--config.file=${path.join(directory, 'prometheus.yml')}`,
        `--storage.tsdb.path=${path.join(directory, 'data')}`,
        `--web.listen-address=${address}`,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let log = '';
    child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
    child.once('error', (error) => (log += error.message));
    const server = new PrometheusServer(child, `http://${address}`, directory);
    try {
      await eventually(() => server.#isReady(log), Boolean, 'Prometheus is ready');
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  /** What an instant query gives now. */
  async query(expression: string): Promise<Sample[]> {
    const { result } = await this.#get<{ result: { metric: Sample['labels']; value: [number, string] }[] }>(
      `query?query=${encodeURIComponent(expression)}`,
    );
    return result.map(({ metric, value: [, value] }) => ({ labels: metric, value: Number(value) }));
  }

  /** The one value that a query gives now; undefined where it gives none. */
  async value(expression: string): Promise<number | undefined> {
    const samples = await this.query(expression);
    if (samples.length > 1) throw new Error(`${expression} has ${String(samples.length)} values`);
    return samples[0]?.value;
  }

  /** What is pending or fires now, by name. */
  async alerts(): Promise<ActiveAlert[]> {
    const { alerts } = await this.#get<{
      alerts: { labels: { alertname: string }; state: ActiveAlert['state'] }[];
    }>('alerts');
    return alerts
      .map(({ labels, state }) => ({ name: labels.alertname, state }))
      .sort((a, b) => a.name.localeCompare(b.name));
  }

  async stop(): Promise<void> {
    if (this.#process.pid !== undefined && this.#process.exitCode === null) {
      const ended = once(this.#process, 'exit');
      this.#process.kill('SIGTERM');
      await ended;
    }
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #isReady(log: string): Promise<boolean> {
    if (this.#process.pid === undefined || this.#process.exitCode !== null) {
      throw new Error(`Prometheus did not start (apt-get install prometheus, or set PROMETHEUS): ${log}`);
    }
    return (await fetch(`${this.#url}/-/ready`).catch(() => undefined))?.ok === true;
  }

  async #get<Data>(what: string): Promise<Data> {
    const response = await fetch(`${this.#url}/api/v1/${what}`);
    const answer = (await response.json()) as { status: string; data: Data; error?: string };
    if (answer.status !== 'success') throw new Error(`${what}: ${String(answer.error)}`);
    return answer.data;
  }
}

/** Where each part serves its metrics. */
export function metricsAddresses({ services, gateway, metricsPort }: Config): Record<PartName, string> {
  const local = (port: number) => `${HOST}:${String(port)}`;
  return {
    order: local(services.order.port),
    inventory: local(services.inventory.port),
    payment: local(services.payment.port),
    shipping: local(services.shipping.port),
    worker: local(metricsPort),
    gateway: local(gateway.port),
  };
}

async function writeConfiguration(
  directory: string,
  own: string,
  addresses: Readonly<Record<string, string>>,
): Promise<void> {
  const write = (file: string, content: unknown) =>
    writeFile(path.join(directory, file), stringify(content, { lineWidth: 0 }));
  const shipped = readYaml('ops/prometheus/prometheus.yml') as {
    scrape_configs: { job_name: string; static_configs?: unknown }[];
  };
  await mkdir(path.join(directory, 'rules'));
  await write('prometheus.yml', {
    ...shipped,
    global: { scrape_interval: INTERVAL, scrape_timeout: INTERVAL, evaluation_interval: INTERVAL },
    scrape_configs: shipped.scrape_configs.map((job) =>
      job.static_configs === undefined ? job : { ...job, static_configs: [{ targets: [own] }] },
    ),
  });
  // Nobody is told; that the alerts are there is for the API to say.
  await write('alertmanagers.yml', []);
  const targets = Object.entries(addresses).map(([part, address]) => ({
    targets: [address],
    labels: { part },
  }));
  await write('targets.yml', targets);
  for (const [name, { groups }] of ruleFiles()) {
    const hastened = groups.map((group) => ({
      ...group,
      rules: group.rules.map((rule) => (isAlert(rule) ? { ...rule, for: FOR } : rule)),
    }));
    await write(path.join('rules', name), { groups: hastened });
  }
}

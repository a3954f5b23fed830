import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';

/** A real PostgreSQL server on loopback, gone without a trace after `stop` (or after this process). */
export interface TestPostgres {
  /** Makes an empty database and returns its `postgres://` URL. */
  createDatabase(): Promise<string>;
  stop(): Promise<void>;
}

interface PostgresOptions {
  /** Its commits wait for the disk; it is a server of its own in any case. @default false */
  readonly durable?: boolean;
}

/** Starts a server of its own, or uses the one that `TEST_POSTGRES_URL` names, whose user may create databases. */
export async function startPostgres({ durable = false }: PostgresOptions = {}): Promise<TestPostgres> {
  const given = process.env['TEST_POSTGRES_URL'];
  const { url, stop } =
    given === undefined || durable
      ? await spawnPostgres(durable)
      : { url: given, stop: () => Promise.resolve() };
  return { createDatabase: () => createDatabase(url), stop };
}

async function spawnPostgres(durable: boolean): Promise<{ url: string; stop: () => Promise<void> }> {
  const args = [path.join(__dirname, 'postgres-server.mjs'), ...(durable ? ['--durable'] : [])];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const exited = once(child, 'exit');
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const firstLine = once(createInterface(child.stdout), 'line') as Promise<[string]>;
  const started = await Promise.race([firstLine, exited.then(() => undefined)]);
  if (started === undefined) throw new Error(`PostgreSQL for the tests did not start:\n${errors}`);
  const { url } = JSON.parse(started[0]) as { url: string };
  return {
    url,
    stop: async () => {
      child.stdin.end();
      await exited;
    },
  };
}

async function createDatabase(url: string): Promise<string> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`create database ${name}`);
  } finally {
    await client.end();
  }
  const own = new URL(url);
  own.pathname = `/${name}`;
  return own.href;
}

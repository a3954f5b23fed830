import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe } from '@jest/globals';
import type { Config } from '../../src/config/config';
import { loadConfig } from '../../src/config/config';
import type { ServiceApp } from '../../src/services/service-app';
import { eventually } from './eventually';
import type { TestPostgres } from './postgres';
import { startPostgres } from './postgres';

/** A kind of database that services can stand on. */
export interface TestDatabase {
  /** The configuration of a service that never ran; `environment` adds to it. */
  freshConfig(environment?: Readonly<Record<string, string>>): Promise<Config>;
}

/** Makes the same claims about SQLite and about a real PostgreSQL. */
export function onEachDatabase(claims: (database: TestDatabase) => void): void {
  describe('on SQLite', () => {
    const directories: string[] = [];
    claims({
      freshConfig: async (environment) =>
        loadConfig({ DATA_DIR: await newDirectory(directories), ...environment }),
    });
    afterAll(() => removeAll(directories));
  });

  describe('on PostgreSQL', () => {
    const directories: string[] = [];
    let postgres: TestPostgres | undefined;
    beforeAll(async () => {
      postgres = await startPostgres();
    });
    claims({
      freshConfig: async (environment) => {
        if (postgres === undefined) throw new Error('PostgreSQL is not running');
        return loadConfig({
          DATA_DIR: await newDirectory(directories),
          DATABASE_URL: await postgres.createDatabase(),
          ...environment,
        });
      },
    });
    // These run in the order in which they are written: the services have let go by then.
    afterAll(async () => {
      await postgres?.stop();
      await removeAll(directories);
    });
  });
}

async function newDirectory(directories: string[]): Promise<string> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'durable-orders-services-'));
  directories.push(directory);
  return directory;
}

async function removeAll(directories: readonly string[]): Promise<void> {
  await Promise.all(directories.map((directory) => rm(directory, { recursive: true, force: true })));
}

/** What a service answered. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly contentType: string;
  /** True when `Idempotent-Replayed` says so. */
  readonly replayed: boolean;
}

/** A service that listens on a free port of loopback, and a client for it. */
export interface ServiceUnderTest {
  readonly url: string;
  get(pathAndQuery: string): Promise<HttpAnswer>;
  /** Without a key no `Idempotency-Key` is sent. A body that is a string is sent as it is. */
  post(route: string, body: unknown, key?: string, headers?: Record<string, string>): Promise<HttpAnswer>;
  stop(): Promise<void>;
}

export async function serve(app: ServiceApp): Promise<ServiceUnderTest> {
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return {
    url,
    get: async (pathAndQuery) => answerOf(await fetch(url + pathAndQuery)),
    post: async (route, body, key, headers) =>
      answerOf(
        await fetch(url + route, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            ...(key !== undefined && { 'idempotency-key': key }),
            ...headers,
          },
          body: typeof body === 'string' ? body : JSON.stringify(body),
        }),
      ),
    stop: () => app.close(),
  };
}

async function answerOf(response: Response): Promise<HttpAnswer> {
  return {
    status: response.status,
    body: (await response.json()) as Record<string, unknown>,
    contentType: response.headers.get('content-type') ?? '',
    replayed: response.headers.get('idempotent-replayed') === 'true',
  };
}

/**
 * What a client is answered that sends again, under the same key, what could not be served: on a busy machine a request may
 * wait for a connection of the database for longer than the pool lets it.
 */
export async function persistently<Answer extends { readonly status: number }>(
  send: () => Promise<Answer>,
): Promise<Answer> {
  return eventually(send, ({ status }) => status < 500, 'it is answered');
}

import { beforeEach, describe, expect, it } from '@jest/globals';
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { Kysely, sql, SqliteDialect } from 'kysely';
import Database from 'libsql';
import { databaseTracing } from '../../../src/telemetry/database-tracing';
import { describeQuery } from '../../../src/telemetry/query-summary';
import type { MemoryTelemetry } from './memory-telemetry';
import { memoryTelemetry } from './memory-telemetry';

interface Tables {
  reservations: { id: string; quantity: number };
}

describe('databaseTracing', () => {
  let telemetry: MemoryTelemetry;
  let db: Kysely<Tables>;

  beforeEach(async () => {
    telemetry = memoryTelemetry('inventory-service');
    db = new Kysely<Tables>({
      dialect: new SqliteDialect({ database: new Database(':memory:') }),
      log: databaseTracing(telemetry.tracer, 'sqlite', 'inventory'),
    });
    await sql`create table reservations (id text primary key, quantity integer not null)`.execute(db);
  });

  const inSpan = (work: () => Promise<unknown>) =>
    telemetry.tracer.startActiveSpan('request', async (span) => {
      try {
        await work();
      } finally {
        span.end();
      }
    });

  it('makes a span per query under the active one, within its time, with text and no value', async () => {
    await inSpan(() => db.insertInto('reservations').values({ id: 'secret-id', quantity: 4711 }).execute());
    const span = telemetry.span('INSERT reservations');
    const request = telemetry.span('request');
    expect(span.kind).toBe(SpanKind.CLIENT);
    expect(span.parentSpanContext?.spanId).toBe(request.spanContext().spanId);
    expect(span.attributes).toEqual({
      'db.system.name': 'sqlite',
      'db.namespace': 'inventory',
      'db.operation.name': 'INSERT',
      'db.collection.name': 'reservations',
      'db.query.summary': 'INSERT reservations',
      'db.query.text': 'insert into "reservations" ("id", "quantity") values (?, ?)',
    });
    expect(milliseconds(span.startTime)).toBeGreaterThanOrEqual(milliseconds(request.startTime));
    expect(milliseconds(span.endTime)).toBeGreaterThanOrEqual(milliseconds(span.startTime));
  });

  it('keeps the order of queries that end in the same millisecond', async () => {
    const QUERIES = 200;
    await inSpan(async () => {
      for (let count = 0; count < QUERIES; count++) await sql`select ${count}`.execute(db);
    });
    const starts = telemetry
      .spans()
      .filter(({ name }) => name === 'SELECT')
      .map(({ startTime }) => milliseconds(startTime));
    expect(starts).toHaveLength(QUERIES);
    expect(new Set(starts).size).toBe(QUERIES);
    expect(starts).toEqual([...starts].sort((a, b) => a - b));
  });

  it('says which constraint failed by its code, and not with which value', async () => {
    const insert = () => db.insertInto('reservations').values({ id: 'secret-id', quantity: 1 }).execute();
    await insert();
    await expect(inSpan(insert)).rejects.toThrow();
    const span = telemetry.span('INSERT reservations');
    expect(span.status).toEqual({ code: SpanStatusCode.ERROR });
    expect(span.attributes).toMatchObject({
      'error.type': 'SQLITE_CONSTRAINT_PRIMARYKEY',
      'db.response.status_code': 'SQLITE_CONSTRAINT_PRIMARYKEY',
    });
    expect(JSON.stringify([span.attributes, span.events])).not.toContain('secret-id');
  });

  it('makes none outside of a recorded span, nor for a transaction that only opens and closes', async () => {
    await db.selectFrom('reservations').selectAll().execute();
    await inSpan(() =>
      db.transaction().execute((transaction) => transaction.selectFrom('reservations').selectAll().execute()),
    );
    expect(telemetry.spans().map((span) => span.name)).toEqual(['SELECT reservations', 'request']);
  });

  it('follows the query into the transaction of a request among others', async () => {
    await Promise.all([inSpan(() => lookUp()), inSpan(() => lookUp())]);
    const queries = telemetry.spans().filter((span) => span.name === 'SELECT reservations');
    const parents = new Set(queries.map((span) => span.parentSpanContext?.spanId));
    expect(parents.size).toBe(2);
    expect(trace.getActiveSpan()).toBeUndefined();
  });

  const lookUp = () =>
    db.transaction().execute((transaction) => transaction.selectFrom('reservations').selectAll().execute());
});

const milliseconds = (time: ReadableSpan['startTime']) => time[0] * 1000 + time[1] / 1e6;

describe('describeQuery', () => {
  it.each([
    ['select * from "orders" where "id" = $1', 'SELECT orders', 'select * from "orders" where "id" = $1'],
    [
      'UPDATE inventory.stock SET free = free - 2',
      'UPDATE stock',
      'UPDATE inventory.stock SET free = free - ?',
    ],
    [
      `insert or ignore into "keys" values ('it''s a secret', 0x2A, 1.5e3)`,
      'INSERT keys',
      'insert or ignore into "keys" values (?, ?, ?)',
    ],
    ['delete from "a1" where x2 = -17 -- 4242', 'DELETE a1', 'delete from "a1" where x2 = -?'],
    [
      'with "old" as (select id from "a") update "b" set x = ?',
      'UPDATE b',
      'with "old" as (select id from "a") update "b" set x = ?',
    ],
    ['pragma busy_timeout = 20', 'PRAGMA', 'pragma busy_timeout = ?'],
    ['select 1', 'SELECT', 'select ?'],
    ["select $tag$o'hara$tag$, E'\\'x', $1", 'SELECT', 'select ?, ?, $1'],
  ])('reduces %j to names and shape', (text, summary, shape) => {
    expect(describeQuery(text)).toMatchObject({ summary, text: shape });
  });
});

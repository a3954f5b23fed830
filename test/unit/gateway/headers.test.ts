import { describe, expect, it } from '@jest/globals';
import type { FastifyRequest } from 'fastify';
import {
  idempotencyKeyHeader,
  idempotencyKeyOf,
  preferenceOf,
  wantsPage,
} from '../../../src/gateway/headers';
import { ProblemError } from '../../../src/http/problem';

const requestWith = (headers: Readonly<Record<string, string>>) => ({ headers }) as unknown as FastifyRequest;
const keyOf = (header: string) => idempotencyKeyOf(requestWith({ 'idempotency-key': header }));

describe('an Idempotency-Key', () => {
  it.each([
    ['bare, as most clients send it', 'e6b4-4c1a', 'e6b4-4c1a'],
    ['quoted, as the draft has it', '"e6b4-4c1a"', 'e6b4-4c1a'],
    ['quoted, with a quote and a backslash in it', String.raw`"a\"b\\c"`, String.raw`a"b\c`],
    ['bare, with a quote inside', 'a"b', 'a"b'],
    ['bare, with a backslash', String.raw`a\b`, String.raw`a\b`],
    ['of every printable character', '!~#$%&()*+,/:;<=>?@[]^`{|}', '!~#$%&()*+,/:;<=>?@[]^`{|}'],
    ['of 255 characters', 'k'.repeat(255), 'k'.repeat(255)],
    ['of 255 characters, quoted', `"${'k'.repeat(255)}"`, 'k'.repeat(255)],
    ['of 255 characters that all need a backslash', `"${'\\"'.repeat(255)}"`, '"'.repeat(255)],
  ])('%s', (_, header, key) => {
    expect(keyOf(header)).toBe(key);
    expect(idempotencyKeyHeader.safeParse(header).success).toBe(true);
  });

  it('is the same key, quoted or bare', () => {
    expect(keyOf('"k-1"')).toBe(keyOf('k-1'));
  });

  it.each([
    ['empty', ''],
    ['empty, quoted', '""'],
    ['with a space', 'a b'],
    ['with a space, quoted', '"a b"'],
    ['two of them, as Node joins repeated headers', 'a, b'],
    ['of 256 characters', 'k'.repeat(256)],
    ['of 256 characters, quoted', `"${'k'.repeat(256)}"`],
    ['cut off within the quotes', '"e6b4'],
    ['with a quote that is not escaped', '"a"b"'],
    ['with a backslash that escapes nothing', String.raw`"a\b"`],
    ['ending in a backslash', String.raw`"a\"`],
    ['with parameters behind it', '"a";v=1'],
    ['beyond ASCII', 'sch\u00f6n'],
    ['with a control character', 'a\u0007b'],
  ])('is refused: %s', (_, header) => {
    expect(() => keyOf(header)).toThrow(ProblemError);
    expect(() => keyOf(header)).toThrow(/^invalid_request: Idempotency-Key must be/);
    expect(idempotencyKeyHeader.safeParse(header).success).toBe(false);
  });

  it('names the header among the errors', () => {
    expect.assertions(1);
    try {
      keyOf('a b');
    } catch (error) {
      const { errors } = (error as ProblemError).extensions;
      expect(errors).toMatchObject([{ field: 'Idempotency-Key' }]);
    }
  });

  it('need not be there', () => {
    expect(idempotencyKeyOf(requestWith({}))).toBeUndefined();
  });
});

describe('a Prefer header', () => {
  const waits = (waitMs: number | undefined) => ({ respondAsync: false, waitMs, waitForPayment: false });
  it.each([
    [undefined, waits(undefined)],
    ['', waits(undefined)],
    ['respond-async', { ...waits(undefined), respondAsync: true }],
    ['Respond-Async', { ...waits(undefined), respondAsync: true }],
    ['wait=3', waits(3_000)],
    ['wait=payment', { ...waits(undefined), waitForPayment: true }],
    ['Wait = "payment", wait=3', { ...waits(3_000), waitForPayment: true }],
    ['wait="3"', waits(3_000)],
    ['wait = 3', waits(3_000)],
    ['Wait=0', waits(0)],
    ['return=minimal, wait=10,respond-async', { ...waits(10_000), respondAsync: true }],
    ['respond-async; foo=bar', { ...waits(undefined), respondAsync: true }],
    ['wait=5; foo', waits(5_000)],
    ['wait=1, wait=9', waits(1_000)],
    ['wait=-1', waits(undefined)],
    ['wait=1.5', waits(undefined)],
    ['wait=soon', waits(undefined)],
    ['wait=1e3', waits(undefined)],
    ['wait=99999999999', waits(undefined)],
    ['await=3, respond-asynchronously', waits(undefined)],
  ])('%j', (header, preference) => {
    expect(preferenceOf(requestWith(header === undefined ? {} : { prefer: header }))).toEqual(preference);
  });
});

describe('a page', () => {
  it.each([
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', true],
    ['application/json', false],
    ['*/*', false],
    ['application/problem+json, text/html', false],
  ])('is wanted with Accept: %s: %j', (accept, wanted) => {
    expect(wantsPage(requestWith({ accept }))).toBe(wanted);
  });

  it('is not wanted by a client that does not say what it accepts', () => {
    expect(wantsPage(requestWith({}))).toBe(false);
  });
});

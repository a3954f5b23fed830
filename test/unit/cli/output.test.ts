import { describe, expect, it } from '@jest/globals';
import { coloursFor, Output, printable } from '../../../src/cli/output';
import { captureIo } from './capture';

const tty = { isTTY: true };

describe('colours', () => {
  it('are used on a terminal', () => {
    expect(coloursFor(tty, {}).red('x')).toBe('\u001b[31mx\u001b[39m');
  });

  it.each<[string, { isTTY?: boolean }, Record<string, string>]>([
    ['where there is no terminal', {}, {}],
    ['where there is no terminal, though a CI says it has colours', {}, { CI: 'true', FORCE_COLOR: '1' }],
    ['with NO_COLOR', tty, { NO_COLOR: '1' }],
    ['with NO_COLOR, whatever FORCE_COLOR says', tty, { NO_COLOR: '1', FORCE_COLOR: '1' }],
    ['on a dumb terminal', tty, { TERM: 'dumb' }],
  ])('are not used %s', (_, stream, env) => {
    expect(coloursFor(stream, env).red('x')).toBe('x');
  });

  it('are used with an empty NO_COLOR, which counts as unset', () => {
    expect(coloursFor(tty, { NO_COLOR: '' }).red('x')).not.toBe('x');
  });
});

describe('text of others', () => {
  it('cannot move the cursor, change colours or break the line', () => {
    expect(printable('a\u001b[2Jb\r\nc\u009bd\u0007')).toBe('a [2Jb c d ');
  });

  it('keeps letters of every language', () => {
    expect(printable('Zoë 訂單 🚚')).toBe('Zoë 訂單 🚚');
  });
});

describe('output', () => {
  it('puts exactly one JSON document on stdout with --json', () => {
    const io = captureIo({ tty: true });
    const output = new Output(io, true);
    output.note('started');
    output.result({ a: 1 }, () => 'for people');
    expect(JSON.parse(io.out())).toEqual({ a: 1 });
    expect(io.err()).toBe('started\n');
  });

  it('tells errors as JSON on stdout with --json, and as text on stderr without', () => {
    const failure = {
      exitCode: 2,
      code: 'invalid_request',
      message: 'no',
      errors: [{ field: 'items', message: 'wrong' }],
    } as const;
    const asJson = captureIo();
    new Output(asJson, true).failure(failure);
    expect(JSON.parse(asJson.out())).toEqual({
      error: {
        code: 'invalid_request',
        message: 'no',
        errors: [{ field: 'items', message: 'wrong' }],
      },
    });
    expect(asJson.err()).toBe('');
    const asText = captureIo();
    new Output(asText, false).failure(failure);
    expect(asText.out()).toBe('');
    expect(asText.err()).toBe('error: no\n');
  });

  it('has a width on a terminal only', () => {
    expect(new Output(captureIo({ tty: true, columns: 99 }), false).width).toBe(99);
    expect(new Output(captureIo(), false).width).toBeUndefined();
    expect(new Output(captureIo({ tty: true, columns: 0 }), false).width).toBe(80);
  });
});

import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { ConfigError, loadConfig } from '../../../src/config/config';

const OLD = 'o'.repeat(32);
const NEW = `${'n'.repeat(40)}=`;

const tokens = (text: string) => loadConfig({ SERVICE_TOKEN: text }).serviceAccess.tokens!;

describe('a list of bearer tokens', () => {
  it('is sent as its first, and accepts every one', () => {
    const list = tokens(`${NEW}, ${OLD}`);
    expect(list.authorization).toBe(`Bearer ${NEW}`);
    for (const token of [OLD, NEW]) expect(list.accept(`Bearer ${token}`)).toBe(true);
    expect(list.accept(`bearer ${OLD}`)).toBe(true);
  });

  it.each([
    undefined,
    '',
    OLD,
    'Bearer',
    'Bearer ',
    `Basic ${OLD}`,
    `Bearer ${OLD.slice(1)}`,
    `Bearer ${OLD}o`,
    `Bearer ${OLD} ${NEW}`,
    `Bearer ${NEW},${OLD}`,
    `Bearer ${OLD.toUpperCase()}`,
  ])('does not accept %p', (header) => {
    expect(tokens(`${NEW},${OLD}`).accept(header)).toBe(false);
  });

  it.each([
    'short',
    `${OLD},`,
    `${OLD},short`,
    `${OLD},${OLD}`,
    `${'o'.repeat(31)} o`,
    `${OLD}é`,
    'o'.repeat(513),
  ])('is refused as %p, without being repeated', (text) => {
    const refused = () => loadConfig({ SERVICE_TOKEN: text });
    expect(refused).toThrow(ConfigError);
    expect(refused).toThrow(/SERVICE_TOKEN=…: /);
    expect(refused).not.toThrow(text);
  });

  it('is shown by nothing that prints the configuration', () => {
    const config = loadConfig({ SERVICE_TOKEN: `${NEW},${OLD}` });
    const printed = [
      JSON.stringify(config),
      inspect(config, { depth: null, showHidden: true }),
      // eslint-disable-next-line @typescript-eslint/no-base-to-string -- what a careless line would write
      String(config.serviceAccess.tokens),
    ].join('\n');
    for (const secret of [OLD, NEW]) expect(printed).not.toContain(secret);
  });
});

it('a wrong URL is repeated without its password', () => {
  const problem = () => loadConfig({ DATABASE_URL: 'mysql://orders:hunter2@db/orders' });
  expect(problem).toThrow('DATABASE_URL=mysql://…@db/orders: must start with');
});

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { BUGS } from './bugs';

const ROOT = path.join(__dirname, '../..');

describe('the list of bugs that `npm run mutants` plants', () => {
  it.each(BUGS.map((bug) => [bug.name, bug] as const))(
    'can still plant: %s',
    (_name, { file, find, replace }) => {
      const source = readFileSync(path.join(ROOT, file), 'utf8');
      expect(source.split(find)).toHaveLength(2);
      expect(replace).not.toBe(find);
    },
  );

  it('is told in docs/reliability.md, whole', () => {
    const doc = readFileSync(path.join(ROOT, 'docs/reliability.md'), 'utf8');
    expect(BUGS.filter(({ name }) => !doc.includes(name)).map(({ name }) => name)).toEqual([]);
    expect(new Set(BUGS.map(({ name }) => name)).size).toBe(BUGS.length);
  });
});

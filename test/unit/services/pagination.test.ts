import { describe, expect, it } from '@jest/globals';
import { ProblemError } from '../../../src/http/problem';
import type { PagePosition } from '../../../src/services/pagination';
import { pageOf, pageQuerySchema, pageRequest } from '../../../src/services/pagination';

const positionOf = (row: string): PagePosition => [row, 'k'];

describe('a page', () => {
  it('has no next cursor when nothing is left', () => {
    expect(pageOf(['a', 'b'], 2, positionOf)).toEqual({ rows: ['a', 'b'] });
    expect(pageOf([], 2, positionOf)).toEqual({ rows: [] });
  });

  it('goes on after its last row, whatever characters are in it', () => {
    const { rows, nextCursor } = pageOf(['a', 'é"🙂', 'c'], 2, positionOf);
    expect(rows).toEqual(['a', 'é"🙂']);
    expect(pageRequest({ cursor: nextCursor, limit: 2 })).toEqual({ after: ['é"🙂', 'k'], limit: 2 });
  });

  it('starts at the beginning and has 500 rows unless told otherwise', () => {
    expect(pageRequest(pageQuerySchema.parse({}))).toEqual({ after: ['', ''], limit: 500 });
  });

  it.each([
    '',
    'x',
    'W10',
    Buffer.from('["a"]').toString('base64url'),
    Buffer.from('{}').toString('base64url'),
  ])('refuses the cursor %p, which is not ours', (cursor) => {
    expect(() => pageRequest({ cursor, limit: 1 })).toThrow(ProblemError);
  });
});

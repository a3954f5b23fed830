import { describe, expect, it } from '@jest/globals';
import { problemOf, ProblemError } from '../../../src/http/problem';

describe('a problem', () => {
  it('has the members of RFC 9457, the code and its own', () => {
    const error = new ProblemError('out_of_stock', 'SKU-NONE: 1 wanted, 0 free', { shortages: [] });
    expect(problemOf(error)).toEqual({
      type: '/problems/out_of_stock',
      title: 'Not enough stock',
      status: 409,
      detail: 'SKU-NONE: 1 wanted, 0 free',
      code: 'out_of_stock',
      shortages: [],
    });
  });
});

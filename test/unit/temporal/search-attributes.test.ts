import { describe, expect, it } from '@jest/globals';
import type { Connection } from '@temporalio/client';
import { searchAttributeTypeName } from '../../../src/temporal/dev-server-options';
import { ensureSearchAttributes, SearchAttributeError } from '../../../src/temporal/search-attributes';

const PERMISSION_DENIED = 7;
const INVALID_ARGUMENT = 3;
const ALREADY_EXISTS = 6;

/** What a gRPC client throws. */
function grpcError(code: number, details: string): Error {
  return Object.assign(new Error(`${String(code)}: ${details}`), { code, details, metadata: {} });
}

/** A namespace whose administration is refused, as on Temporal Cloud. */
function restricted(count: () => Promise<object>): Connection {
  return {
    operatorService: {
      listSearchAttributes: () => Promise.reject(grpcError(PERMISSION_DENIED, 'Request unauthorized.')),
    },
    workflowService: { countWorkflowExecutions: count },
  } as unknown as Connection;
}

describe('search attributes where administering the namespace is not allowed', () => {
  it('are used when somebody registered them', async () => {
    await ensureSearchAttributes(
      restricted(() => Promise.resolve({})),
      'shop',
    );
  });

  it('are asked for with the command that registers them', async () => {
    const ensured = ensureSearchAttributes(
      restricted(() => Promise.reject(grpcError(INVALID_ARGUMENT, 'no such search attribute'))),
      'shop',
    );
    await expect(ensured).rejects.toThrow(SearchAttributeError);
    await expect(ensured).rejects.toThrow(
      'temporal operator search-attribute create --namespace shop --name OrderStatus --type Keyword --name CustomerId --type Keyword',
    );
  });
});

describe('search attributes that somebody else registers at the same moment', () => {
  it('are found registered, and waited for until they can be used', async () => {
    const KEYWORD = 2;
    const registered = { OrderStatus: KEYWORD, CustomerId: KEYWORD };
    const lists = [{}, registered];
    const counts = [grpcError(INVALID_ARGUMENT, 'not known here yet'), undefined];
    const connection = {
      operatorService: {
        listSearchAttributes: () => Promise.resolve({ customAttributes: lists.shift() }),
        addSearchAttributes: () => Promise.reject(grpcError(ALREADY_EXISTS, 'OrderStatus exists')),
      },
      workflowService: {
        countWorkflowExecutions: () => {
          const error = counts.shift();
          return error === undefined ? Promise.resolve({}) : Promise.reject(error);
        },
      },
    } as unknown as Connection;
    await ensureSearchAttributes(connection, 'shop');
    expect([lists, counts]).toEqual([[], []]);
  });
});

describe("the CLI's names of search attribute types", () => {
  it('are those that it lists', () => {
    const names = (['TEXT', 'KEYWORD', 'INT', 'DOUBLE', 'BOOL', 'DATETIME', 'KEYWORD_LIST'] as const).map(
      searchAttributeTypeName,
    );
    expect(names).toEqual(['Text', 'Keyword', 'Int', 'Double', 'Bool', 'Datetime', 'KeywordList']);
  });
});

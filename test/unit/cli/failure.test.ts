import { NamespaceNotFoundError } from '@temporalio/common';
import { describe, expect, it } from '@jest/globals';
import { failureOf, UsageError } from '../../../src/cli/failure';
import { ConfigError } from '../../../src/config/config';
import {
  InvalidOrderError,
  NoWorkerError,
  OperatorActionRefusedError,
  OrderConflictError,
  OrderInterruptedError,
  OrderNotFoundError,
  PastCancellingError,
  ServiceUnreachableError,
} from '../../../src/orders/errors';
import { temporalError } from '../../../src/orders/temporal-calls';
import { connectTemporal } from '../../../src/temporal/connection';
import { SearchAttributeError } from '../../../src/temporal/search-attributes';

const grpcError = (code: number, details: string) =>
  new Error('Failed to start Workflow', {
    cause: Object.assign(new Error('rpc'), { code, details, metadata: {} }),
  });

describe('exit codes', () => {
  it.each<[number, string, Error]>([
    [2, 'invalid_request', new InvalidOrderError([])],
    [2, 'price_changed', new InvalidOrderError([], 'price_changed')],
    [2, 'order_conflict', new OrderConflictError('o-1')],
    [2, 'usage', new UsageError('no')],
    [2, 'invalid_configuration', new ConfigError(['X=1: no'])],
    [4, 'not_found', new OrderNotFoundError('o-1')],
    [3, 'service_unreachable', new ServiceUnreachableError('payment', 'http://x', 'ECONNREFUSED')],
    [3, 'no_worker', new NoWorkerError('o-1')],
    [3, 'temporal_unreachable', new SearchAttributeError('no')],
    [3, 'temporal_unreachable', temporalError(new NamespaceNotFoundError('nope')) as Error],
    [3, 'temporal_error', grpcError(3, 'bad request')],
    [1, 'past_cancelling', new PastCancellingError('o-1', 'completed')],
    [1, 'action_refused', new OperatorActionRefusedError('o-1', 'nothing waits')],
    [1, 'order_interrupted', new OrderInterruptedError('o-1', 'terminated')],
    [1, 'internal_error', new TypeError('x is not a function')],
  ])('%i for %s', (exitCode, code, error) => {
    expect(failureOf(error)).toMatchObject({ exitCode, code });
  });

  it.each([
    [14, /connection was lost/],
    [4, /no answer in time/],
    [7, /permission denied/],
    [16, /not authenticated/],
  ])('3 for what Temporal answers with gRPC code %i, with a remedy', (grpc, message) => {
    const failure = failureOf(temporalError(grpcError(grpc, 'whatever')));
    expect(failure).toMatchObject({ exitCode: 3, code: 'temporal_unreachable' });
    expect(failure.message).toMatch(message);
  });

  it('3 for the error that connecting to no server ends with', async () => {
    const error: unknown = await connectTemporal(
      { dataDir: '/nonexistent' },
      { environment: { TEMPORAL_ADDRESS: '127.0.0.1:1' }, timeoutMs: 200 },
    ).catch((reason: unknown) => reason);
    expect(failureOf(error)).toMatchObject({ exitCode: 3, code: 'temporal_unreachable' });
  });
});

describe('what is told', () => {
  it('is a message without a stack for every expected error', () => {
    expect(failureOf(new OrderNotFoundError('o-1'))).toEqual({
      exitCode: 4,
      code: 'not_found',
      message: 'There is no order o-1',
    });
  });

  it('is the stack of a bug', () => {
    expect(failureOf(new TypeError('oops')).stack).toContain('TypeError: oops');
  });

  it('is every wrong field, for programs too', () => {
    const errors = [{ field: 'items', message: 'wrong' }];
    expect(failureOf(new InvalidOrderError(errors)).errors).toEqual(errors);
  });
});

import { describe, expect, it } from '@jest/globals';
import { ServiceError } from '@temporalio/client';
import { GRPC, temporalError, TemporalUnavailableError } from '../../../src/orders/temporal-calls';

/** What the SDK throws when the server answers with a status. */
function serviceError(code: number): Error {
  const cause = Object.assign(new Error('status'), { code, details: 'status', metadata: {} });
  return new ServiceError('Failed to start Workflow', { cause });
}

describe('what an error of Temporal means', () => {
  it.each([
    ['the connection is lost', GRPC.unavailable],
    ['the deadline has passed', GRPC.deadlineExceeded],
    ['the server has noticed first that it has passed', GRPC.cancelled],
    ['it does not know us', GRPC.unauthenticated],
    ['it does not let us', GRPC.permissionDenied],
  ])('is that it cannot serve us when %s', (_when, code) => {
    const error = serviceError(code);
    expect(temporalError(error)).toBeInstanceOf(TemporalUnavailableError);
    expect(temporalError(error)).toMatchObject({ code: 'temporal_unreachable', cause: error });
  });

  it('is left to whoever asked otherwise', () => {
    for (const error of [
      serviceError(GRPC.notFound),
      serviceError(GRPC.failedPrecondition),
      new Error('x'),
    ]) {
      expect(temporalError(error)).toBe(error);
    }
  });
});

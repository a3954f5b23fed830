import { describe, expect, it } from '@jest/globals';
import { ServiceError } from '@temporalio/client';
import {
  GRPC,
  temporalError,
  TemporalUnavailableError,
  withinDeadline,
} from '../../../src/orders/temporal-calls';

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

describe('a request with a deadline', () => {
  /** Gives the deadline to the request, and does not look at it itself. */
  const client = {
    withDeadline: <T>(_deadline: number | Date, request: () => Promise<T>) => request(),
  };

  it('is over when the deadline is, whatever the SDK waits for', async () => {
    const error: unknown = await withinDeadline(client, 1, () => new Promise(() => undefined)).catch(
      (reason: unknown) => reason,
    );
    expect(temporalError(error)).toBeInstanceOf(TemporalUnavailableError);
  });

  it('has the answer or the failure that comes in time', async () => {
    const refused = new Error('refused');
    expect(await withinDeadline(client, 60_000, () => Promise.resolve('answer'))).toBe('answer');
    await expect(withinDeadline(client, 60_000, () => Promise.reject(refused))).rejects.toBe(refused);
  });
});

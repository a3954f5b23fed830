import { ApplicationFailure, condition, setHandler } from '@temporalio/workflow';
import type { OrderActivities } from '../activities/activities';
import { isPaid } from '../domain/order';
import type { OrderView } from '../domain/order';
import type { Saga } from '../saga/saga';
import {
  cancelOrderSignal,
  paymentTakenUpdate,
  retryCompensationUpdate,
  skipCompensationUpdate,
} from './definitions';
import type { RetryCompensationRequest, SkipCompensationRequest } from './definitions';
import type { OrderProgress } from './order-progress';

/**
 * What can be asked of a running order: cancel it, and, when it is parked, retry or skip what failed. What
 * makes no sense is refused before it enters the history.
 */
export function handleOrderMessages(
  saga: Saga<OrderActivities>,
  progress: OrderProgress,
  view: () => OrderView,
): void {
  setHandler(cancelOrderSignal, (request) => {
    progress.cancellation ??= request;
    saga.cancel();
  });

  setHandler(paymentTakenUpdate, async () => {
    await condition(() => isPaid(view()) || saga.phase !== 'running');
    return view();
  });

  setHandler(
    retryCompensationUpdate,
    ({ step }) => {
      saga.retry(step);
      return view();
    },
    {
      validator: ({ step, by }: RetryCompensationRequest) => {
        requireText('by', by);
        requireUnsettled(saga, step);
      },
    },
  );

  setHandler(
    skipCompensationUpdate,
    ({ step, by, reason }) => {
      saga.skip(step, by, reason);
      return view();
    },
    {
      validator: ({ step, by, reason }: SkipCompensationRequest) => {
        requireText('by', by);
        requireText('reason', reason);
        requireUnsettled(saga, step);
      },
    },
  );
}

function requireText(field: string, value: unknown): void {
  if (typeof value === 'string' && value.trim().length > 0 && value.length <= 500) return;
  throw ApplicationFailure.nonRetryable(`${field} must be 1 to 500 characters of text`, 'invalid_request');
}

function requireUnsettled({ unsettled }: Saga<OrderActivities>, step: string | undefined): void {
  const waiting = unsettled.map((record) => record.step);
  if (waiting.length === 0) {
    throw ApplicationFailure.nonRetryable('The order does not wait for anybody', 'nothing_waits');
  }
  if (step !== undefined && !waiting.includes(step)) {
    throw ApplicationFailure.nonRetryable(
      `${step} does not wait for anybody; what waits: ${waiting.join(', ')}`,
      'nothing_waits',
    );
  }
}

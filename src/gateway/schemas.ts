import { z } from 'zod';
import { ERRORS } from '../domain/errors';
import type { ErrorCode } from '../domain/errors';
import { ABANDONMENTS, ORDER_STATUSES } from '../domain/order';
import type { CompensationState, OrderView, StepState } from '../domain/order';
import { moneySchema, orderItemSchema } from '../domain/order-schema';
import { ALL_STEPS } from '../domain/steps';
import type { CompensationName, StepName } from '../domain/steps';
import type { OrderSummary } from '../orders/order-summary';

/** The gateway's answers, for its OpenAPI document; the contract tests hold every answer to them. */

const time = z.iso.datetime();
const traceId = z.string().regex(/^[0-9a-f]{32}$/);
const transaction = z.enum(['saga', 'tcc']);
const stepName = z.enum(ALL_STEPS.map(({ name }) => name) as [StepName]);
export const compensationName = z.enum(
  ALL_STEPS.map(({ compensation }) => compensation.name) as [CompensationName],
);

const step = z
  .strictObject({
    step: stepName,
    number: z.int().min(1),
    state: z.enum(['pending', 'running', 'done', 'failed', 'unknown', 'skipped'] satisfies StepState[]),
    attempts: z.int().min(0),
    startedAt: time.exactOptional(),
    endedAt: time.exactOptional(),
    error: z.string().exactOptional(),
  })
  .meta({ id: 'Step' });

const compensation = z
  .strictObject({
    step: compensationName,
    undoes: stepName,
    state: z.enum(['pending', 'running', 'done', 'failed', 'skipped'] satisfies CompensationState[]),
    attempts: z.int().min(0),
    startedAt: time.exactOptional(),
    endedAt: time.exactOptional(),
    error: z.string().exactOptional(),
    skippedBy: z.string().exactOptional(),
    reason: z.string().exactOptional(),
  })
  .meta({ id: 'Compensation' });

const status = z.enum(ORDER_STATUSES);

const settlement = z
  .strictObject({
    abandoned: z.enum(ABANDONMENTS),
    abandonedAt: time.exactOptional(),
    runId: z.string().exactOptional(),
    startedAt: time,
  })
  .meta({
    id: 'Settlement',
    description:
      'The order’s workflow was ended from outside, or is lost, and the guardian took the order over',
  });

export const orderSchema = z
  .strictObject({
    orderId: z.string(),
    workflowId: z.string(),
    runId: z.string(),
    transaction,
    status,
    customerId: z.string(),
    items: z.array(orderItemSchema),
    amount: moneySchema,
    paymentId: z.string().exactOptional(),
    shipmentId: z.string().exactOptional(),
    traceId,
    failure: z
      .strictObject({ code: z.string(), step: stepName.nullable(), message: z.string() })
      .exactOptional(),
    steps: z.array(step),
    compensations: z.array(compensation),
    settlement: settlement.exactOptional(),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: 'Order', description: 'The order, whole' }) satisfies z.ZodType<OrderView>;

export const orderSummarySchema = z
  .strictObject({
    orderId: z.string(),
    workflowId: z.string(),
    runId: z.string(),
    transaction,
    status,
    customerId: z.string(),
    amount: moneySchema.exactOptional(),
    traceId: traceId.exactOptional(),
    createdAt: time,
    closedAt: time.exactOptional(),
    interrupted: z.enum(['terminated', 'timed_out', 'failed', 'cancelled']).exactOptional(),
    settlement: settlement.exactOptional(),
  })
  .meta({
    id: 'OrderSummary',
    description: 'What Temporal itself knows of an order',
  }) satisfies z.ZodType<OrderSummary>;

export const orderPageSchema = z
  .strictObject({ orders: z.array(orderSummarySchema), nextCursor: z.string().exactOptional() })
  .meta({ id: 'OrderPage' });

export const waitingPageSchema = z
  .strictObject({ orders: z.array(orderSchema), nextCursor: z.string().exactOptional() })
  .meta({ id: 'WaitingPage' });

const attributes = z.record(z.string(), z.unknown());
export const traceSchema = z
  .strictObject({
    traceId,
    complete: z.boolean(),
    spans: z.array(
      z.strictObject({
        spanId: z.string(),
        parentSpanId: z.string().exactOptional(),
        name: z.string(),
        kind: z.enum(['INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER']),
        service: z.string(),
        startTimeUnixNano: z.string(),
        endTimeUnixNano: z.string(),
        status: z.strictObject({
          code: z.enum(['UNSET', 'OK', 'ERROR']),
          message: z.string().exactOptional(),
        }),
        attributes,
        events: z.array(z.strictObject({ name: z.string(), timeUnixNano: z.string(), attributes })),
        links: z.array(z.strictObject({ traceId: z.string(), spanId: z.string() })),
        running: z.literal(true).exactOptional(),
      }),
    ),
  })
  .meta({ id: 'Trace' });

export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string(),
    code: z.enum(Object.keys(ERRORS) as [ErrorCode]),
    orderId: z.string().exactOptional(),
    traceId: traceId.exactOptional(),
    orderStatus: status.exactOptional(),
    compensations: z.array(compensation).exactOptional(),
    errors: z.array(z.strictObject({ field: z.string(), message: z.string() })).exactOptional(),
  })
  .meta({ id: 'Problem', description: 'Why a request was refused (RFC 9457)' });

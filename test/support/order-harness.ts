import { randomUUID } from 'node:crypto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import type { WorkflowBundleOption } from '@temporalio/worker';
import { workflowSpanSink } from '../../src/telemetry/workflow-span-sink';
import { orderWorkflowId } from '../../src/domain/ids';
import type { OrderContent, OrderView } from '../../src/domain/order';
import {
  ORDER_WORKFLOW_TYPES,
  SEARCH_ATTRIBUTES,
  SETTLEMENT_WORKFLOW_TYPE,
  orderStatusQuery,
} from '../../src/workflows/definitions';
import type { OrderWorkflowInput, SettlementInput } from '../../src/workflows/definitions';
import type { orderSaga, orderSettlement, orderTcc } from '../../src/workflows';
import { eventually } from './eventually';
import { connectTestEnvironment } from './temporal';

/** The bundle of this test run. */
export function workflowCode(): { readonly workflowBundle: WorkflowBundleOption } {
  const codePath = process.env['TEST_WORKFLOW_BUNDLE'];
  if (codePath === undefined) throw new Error('TEST_WORKFLOW_BUNDLE is not set: run tests through npm test');
  return { workflowBundle: { codePath } };
}

export type OrderHandle = WorkflowHandleWithFirstExecutionRunId<typeof orderSaga | typeof orderTcc>;

/** Runs order workflows with activities of the test's own, on a task queue of its own. */
export class OrderHarness {
  readonly #taskQueue = `orders-${randomUUID()}`;

  readonly #exporter = new InMemorySpanExporter();

  private constructor(readonly environment: TestWorkflowEnvironment) {}

  /** Every workflow span that has ended, of all orders. */
  get spans(): readonly ReadableSpan[] {
    return this.#exporter.getFinishedSpans();
  }

  static async connect(): Promise<OrderHarness> {
    return new OrderHarness(await connectTestEnvironment());
  }

  async withWorker<T>(activities: object, run: () => Promise<T>, code = workflowCode()): Promise<T> {
    const worker = await Worker.create({
      connection: this.environment.nativeConnection,
      taskQueue: this.#taskQueue,
      ...code,
      activities,
      sinks: workflowSpanSink({
        resource: resourceFromAttributes({ 'service.name': 'order-service' }),
        spanProcessor: new SimpleSpanProcessor(this.#exporter),
        openSpans: { opened: () => undefined, ended: () => undefined },
      }),
    });
    return worker.runUntil(run);
  }

  start(input: OrderWorkflowInput): Promise<OrderHandle> {
    const type = ORDER_WORKFLOW_TYPES[input.order.transaction];
    return this.environment.client.workflow.start<typeof orderSaga | typeof orderTcc>(type, {
      args: [input],
      ...this.#optionsOf(input.order),
    });
  }

  startSettlement(
    input: SettlementInput,
  ): Promise<WorkflowHandleWithFirstExecutionRunId<typeof orderSettlement>> {
    return this.environment.client.workflow.start<typeof orderSettlement>(SETTLEMENT_WORKFLOW_TYPE, {
      args: [input],
      ...this.#optionsOf(input.order),
    });
  }

  /** The order's state as lists show it. */
  async statusAttribute(handle: OrderHandle): Promise<unknown> {
    return (await handle.describe()).typedSearchAttributes.get(SEARCH_ATTRIBUTES.orderStatus);
  }

  /** The order, once it waits for an operator. */
  parked(handle: OrderHandle): Promise<OrderView> {
    return eventually(
      () => handle.query(orderStatusQuery),
      ({ status }) => status === 'needs_attention',
      'the order is parked',
    );
  }

  #optionsOf({ orderId, customerId }: OrderContent) {
    return {
      taskQueue: this.#taskQueue,
      workflowId: orderWorkflowId(orderId),
      typedSearchAttributes: [
        { key: SEARCH_ATTRIBUTES.orderStatus, value: 'running' as const },
        { key: SEARCH_ATTRIBUTES.customerId, value: customerId },
      ],
    };
  }
}

import { randomUUID } from 'node:crypto';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import type { InjectedSinks } from '@temporalio/worker';
import type { WorkflowHandle } from '@temporalio/client';
import type { Measurement, MeasurementSinks } from '../../src/saga/measurements';
import { FAST_POLICIES } from './policies';
import { KitWorld } from './kit-ledger';
import type { KitLedger } from './kit-ledger';
import type { KitTccInput } from './kit-tcc-workflow';
import { kitSaga, kitTcc } from './kit-workflows';
import type { KitInput, KitResult } from './kit-workflows';
import { connectTestEnvironment } from './temporal';

/** A worker for the kit's test sagas, on a task queue of its own. */
export class KitHarness {
  readonly #taskQueue = `kit-${randomUUID()}`;
  readonly #measured = new Map<string, Measurement[]>();

  private constructor(
    readonly environment: TestWorkflowEnvironment,
    readonly world: KitWorld,
  ) {}

  static async connect(): Promise<KitHarness> {
    const environment = await connectTestEnvironment();
    return new KitHarness(environment, new KitWorld(() => environment.client));
  }

  async startWorker(): Promise<() => Promise<void>> {
    const worker = await Worker.create({
      connection: this.environment.nativeConnection,
      taskQueue: this.#taskQueue,
      workflowsPath: require.resolve('./kit-workflows'),
      activities: this.world.activities(),
      sinks: this.#sinks(),
    });
    const running = worker.run();
    return async () => {
      worker.shutdown();
      await running;
    };
  }

  /** What a workflow told of itself to be counted, in that order. */
  measured(workflowId: string): readonly Measurement[] {
    return this.#measured.get(workflowId) ?? [];
  }

  start(input: Omit<KitInput, 'policies'>): Promise<WorkflowHandle<typeof kitSaga>> {
    return this.environment.client.workflow.start(kitSaga, {
      ...this.#options(),
      args: [{ policies: FAST_POLICIES, ...input }],
    });
  }

  startTcc(input: Omit<KitTccInput, 'policies'>): Promise<WorkflowHandle<typeof kitTcc>> {
    return this.environment.client.workflow.start(kitTcc, {
      ...this.#options(),
      args: [{ policies: FAST_POLICIES, ...input }],
    });
  }

  async run(input: Omit<KitInput, 'policies'>): Promise<KitOutcome> {
    return this.#outcome(await this.start(input));
  }

  async runTcc(input: Omit<KitTccInput, 'policies'>): Promise<KitOutcome> {
    return this.#outcome(await this.startTcc(input));
  }

  #sinks(): InjectedSinks<MeasurementSinks> {
    const fn = ({ workflowId }: { readonly workflowId: string }, measurement: Measurement) => {
      this.#measured.set(workflowId, [...this.measured(workflowId), measurement]);
    };
    return { measurements: { record: { callDuringReplay: false, fn } } };
  }

  async #outcome(
    handle: WorkflowHandle<typeof kitSaga> | WorkflowHandle<typeof kitTcc>,
  ): Promise<KitOutcome> {
    const result = await handle.result();
    return { result, ledger: this.world.ledger(handle.workflowId), id: handle.workflowId };
  }

  #options() {
    return { taskQueue: this.#taskQueue, workflowId: `kit-${randomUUID()}` };
  }
}

interface KitOutcome {
  readonly result: KitResult;
  readonly ledger: KitLedger;
  readonly id: string;
}

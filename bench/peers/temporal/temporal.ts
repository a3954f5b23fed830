import { Connection, WorkflowFailedError } from '@temporalio/client';
import { privateConfig } from '../../../src/stack/private-stack';
import type { PrivateConfig } from '../../../src/stack/private-stack';
import { startTelemetry } from '../../../src/telemetry/start-telemetry';
import { startDevServer } from '../../../src/temporal/dev-server';
import { findTemporalCli } from '../../../src/temporal/cli-binary';
import { benchClients, startWorkers } from '../../bench-workers';
import type { WorkerKind } from '../../bench-workers';
import type { Peer, PeerContext, Row } from '../peer';
import { measureOrders } from '../phases';
import { endOf } from '../program';
import { checkSequences } from '../sequences';
import { SAGA } from '../work';

const KINDS = ['bare', 'traced'] as const;
const REMOTE = 'start and end of each step in the history (SQLite file), before the next step';
const LOCAL = 'results of all steps in the history at once, when the workflow task ends';

interface Subject {
  readonly name: string;
  readonly records: string;
  readonly kind: (typeof KINDS)[number];
  readonly type: { readonly completed: string; readonly compensated: string };
}

const SUBJECTS: readonly Subject[] = [
  {
    name: 'Temporal, bare workflow',
    records: REMOTE,
    kind: 'bare',
    type: { completed: 'bare', compensated: 'bareRefused' },
  },
  {
    name: 'this project, saga, traced',
    records: `${REMOTE}; its trace`,
    kind: 'traced',
    type: { completed: 'saga', compensated: 'sagaRefused' },
  },
  {
    name: 'this project, saga, local, traced',
    records: `${LOCAL}; its trace`,
    kind: 'traced',
    type: { completed: 'sagaLocal', compensated: 'sagaLocalRefused' },
  },
];

/** Temporal with nothing around it, and this project's saga on it. */
export const temporal: Peer<string> = {
  name: 'temporal',
  title: 'Temporal',
  install: ({ environment, say }) => findTemporalCli({ environment, onProgress: say }),
  run: async (_, context) => {
    const own = await privateConfig({ DATA_DIR: context.directory, LOG_LEVEL: 'error' });
    try {
      return await measureAll(own, context);
    } finally {
      await own.remove();
    }
  },
};

async function measureAll(
  { config, environment }: PrivateConfig,
  { sizes, say }: PeerContext,
): Promise<Row[]> {
  const server = await startDevServer({ config, persistent: true, ui: false, onProgress: say });
  const workers = startWorkers(KINDS, { ...environment, TEMPORAL_ADDRESS: server.address }, 'recorded');
  const telemetry = startTelemetry({ service: 'orders-cli', config, environment: {} });
  const connection = await Connection.connect({ address: server.address });
  const clients = benchClients(connection, telemetry.tracer);
  try {
    await Promise.all(Object.values(workers).map((worker) => worker.said(/ready/)));
    const rows: Row[] = [];
    for (const { name, records, kind, type } of SUBJECTS) {
      say(name);
      const client = clients[kind === 'traced' ? 'traced' : 'plain'];
      const figures = await measureOrders(async (id, wanted) => {
        try {
          await client(type[wanted], { taskQueue: kind, workflowId: `${type.completed}-${id}` });
          return 'completed';
        } catch (error) {
          if (error instanceof WorkflowFailedError) return 'compensated';
          throw error;
        }
      }, sizes);
      rows.push({ name, records, figures });
    }
    for (const kind of KINDS) {
      checkSequences(
        await endOf(workers[kind]),
        ranBy(kind).map(() => SAGA),
        sizes,
      );
    }
    return rows;
  } finally {
    await connection.close();
    await telemetry.shutdown();
    await Promise.all(Object.values(workers).map((worker) => worker.dispose()));
    await server.stop();
  }
}

const ranBy = (worker: WorkerKind) => SUBJECTS.filter(({ kind }) => kind === worker);

import type { Tracer } from '@opentelemetry/api';
import { Connection, WorkflowFailedError } from '@temporalio/client';
import { privateConfig } from '../../../src/stack/private-stack';
import { startTelemetry } from '../../../src/telemetry/start-telemetry';
import { startDevServer } from '../../../src/temporal/dev-server';
import { findTemporalCli } from '../../../src/temporal/cli-binary';
import type { TsProcess } from '../../../test/support/ts-process';
import { benchClients, startWorkers } from '../../bench-workers';
import type { RunWorkflow } from '../../bench-workers';
import type { Peer, PeerContext, Row } from '../peer';
import { measureOrders } from '../phases';
import { endOf } from '../program';
import { checkSequences } from '../sequences';
import { SAGA } from '../work';
import type { PlaceOrder } from '../work';

const KINDS = ['bare', 'traced'] as const;
const REMOTE = 'start and end of each step in the history (SQLite file), fsync, before the next step';
const LOCAL = 'results of all steps in the history (SQLite file), fsync, when all are done';

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
    // The directory that it has made is not the one that is used.
    await own.remove();
    const { config } = own;
    const server = await startDevServer({ config, persistent: true, ui: false, onProgress: context.say });
    const environment = { ...own.environment, TEMPORAL_ADDRESS: server.address };
    const workers = startWorkers(KINDS, environment, 'recorded');
    const telemetry = startTelemetry({ service: 'orders-cli', config, environment: {} });
    try {
      await Promise.all(Object.values(workers).map((worker) => worker.said(/ready/)));
      return await measureAll(server.address, workers, telemetry.tracer, context);
    } finally {
      await Promise.all(Object.values(workers).map((worker) => worker.dispose()));
      await telemetry.shutdown();
      await server.stop();
    }
  },
};

async function measureAll(
  address: string,
  workers: Readonly<Record<Subject['kind'], TsProcess>>,
  tracer: Tracer,
  { sizes, say }: PeerContext,
): Promise<Row[]> {
  const connection = await Connection.connect({ address });
  try {
    const clients = benchClients(connection, tracer);
    const rows: Row[] = [];
    for (const subject of SUBJECTS) {
      say(subject.name);
      const client = clients[subject.kind === 'traced' ? 'traced' : 'plain'];
      const figures = await measureOrders(placing(subject, client), sizes);
      rows.push({ name: subject.name, records: subject.records, figures });
    }
    for (const kind of KINDS) {
      const ran = SUBJECTS.filter((subject) => subject.kind === kind);
      checkSequences(
        await endOf(workers[kind]),
        ran.map(() => SAGA),
        sizes,
      );
    }
    return rows;
  } finally {
    await connection.close();
  }
}

function placing({ kind, type }: Subject, run: RunWorkflow): PlaceOrder {
  return async (id, wanted) => {
    try {
      await run(type[wanted], { taskQueue: kind, workflowId: `${type.completed}-${id}` });
      return 'completed';
    } catch (error) {
      if (error instanceof WorkflowFailedError) return 'compensated';
      throw error;
    }
  };
}

import type { Connection } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import type { Config } from '../../config/config';
import { connectTemporal, TemporalUnreachableError } from '../../temporal/connection';
import type { TemporalConnection } from '../../temporal/connection';
import { ORDER_SEARCH_ATTRIBUTES } from '../../temporal/dev-server-options';
import { GRPC, hasGrpcCode } from '../../temporal/grpc';
import { ORDERS_TASK_QUEUE } from '../../workflows/definitions';
import type { CliIo } from '../output';
import type { Check } from './check';
import { checkVersions } from './version-checks';
import type { Poller } from './version-checks';

/** Longest wait for all answers of a server that could be reached, ms. */
const TIMEOUT_MS = 3_000;

/** A worker polls at least once a minute; the server remembers one for minutes after it has gone. */
const POLLER_ALIVE_MS = 70_000;

const { TaskQueueType } = temporal.api.enums.v1;

/** Whether Temporal answers, knows our search attributes, and has workers for orders. */
export async function checkTemporal(config: Config, env: CliIo['env']): Promise<Check[]> {
  let target: TemporalConnection;
  try {
    target = await connectTemporal(config, { environment: env });
  } catch (error) {
    if (!(error instanceof TemporalUnreachableError)) throw error;
    const { address, source, message } = error;
    const detail = `${address} (${source}) cannot be reached`;
    return [{ name: 'temporal', ok: false, detail, remedy: message }];
  }
  const { connection } = target;
  try {
    const checks = await connection.withDeadline(Date.now() + TIMEOUT_MS, () =>
      Promise.all([
        checkServer(target),
        checked('search attributes', () => checkSearchAttributes(target)),
        checked('worker', () => checkWorkers(target)),
        checked('worker versions', () => checkWorkerVersions(target)),
      ]),
    );
    return checks.filter((check) => check !== undefined);
  } finally {
    await connection.close();
  }
}

async function checkServer({ connection, address, source, namespace }: TemporalConnection): Promise<Check> {
  return checked('temporal', async () => {
    const { serverVersion } = await connection.workflowService.getSystemInfo({});
    return {
      name: 'temporal',
      ok: true,
      detail: `${address} (${source}), server ${serverVersion}, namespace ${namespace}`,
    };
  });
}

async function checkSearchAttributes({ connection, namespace }: TemporalConnection): Promise<Check> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const names = ORDER_SEARCH_ATTRIBUTES.map(({ name }) => name);
  const missing = names.filter((name) => !Object.hasOwn(customAttributes, name));
  return missing.length === 0
    ? { name: 'search attributes', ok: true, detail: names.join(', ') }
    : {
        name: 'search attributes',
        ok: false,
        detail: `missing: ${missing.join(', ')}`,
        remedy: 'start a worker, which registers them: `npm start -- worker`',
      };
}

async function checkWorkers({ connection, namespace }: TemporalConnection): Promise<Check> {
  const [workflows, activities] = await Promise.all([
    livePollers(connection, namespace, TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW),
    livePollers(connection, namespace, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY),
  ]);
  const identities = activities.map(({ identity }) => identity);
  const workers = workflows
    .map(({ identity }) => identity ?? '')
    .filter((identity, index, all) => identities.includes(identity) && all.indexOf(identity) === index);
  if (workers.length > 0) {
    const detail = `${String(workers.length)} on task queue ${ORDERS_TASK_QUEUE}: ${workers.join(', ')}`;
    return { name: 'worker', ok: true, detail };
  }
  return {
    name: 'worker',
    ok: false,
    detail: `nobody polls task queue ${ORDERS_TASK_QUEUE} of namespace ${namespace}`,
    remedy: 'start one with `npm run dev` or `npm start -- worker`; orders wait until then',
  };
}

type LivePoller = Poller & Pick<temporal.api.taskqueue.v1.IPollerInfo, 'identity'>;

async function livePollers(
  connection: Connection,
  namespace: string,
  taskQueueType: temporal.api.enums.v1.TaskQueueType,
): Promise<LivePoller[]> {
  const { pollers } = await connection.workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: ORDERS_TASK_QUEUE },
    taskQueueType,
  });
  return pollers.filter(
    ({ lastAccessTime }) => Date.now() - Number(lastAccessTime?.seconds ?? 0) * 1000 < POLLER_ALIVE_MS,
  );
}

/** Undefined where no versions are used. */
async function checkWorkerVersions(target: TemporalConnection): Promise<Check | undefined> {
  const { connection, namespace } = target;
  try {
    const pollers = await livePollers(connection, namespace, TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW);
    return await checkVersions(target, pollers);
  } catch (error) {
    // An older server knows no versions, and has none.
    if (hasGrpcCode(error, GRPC.unimplemented)) return undefined;
    throw error;
  }
}

/** A server that answered once may still refuse to say this. */
async function checked<T extends Check | undefined>(
  name: string,
  check: () => Promise<T>,
): Promise<T | Check> {
  try {
    return await check();
  } catch (error) {
    const detail = `Temporal does not say: ${(error as Error).message}`;
    return { name, ok: false, detail, remedy: 'check the permissions of TEMPORAL_API_KEY' };
  }
}

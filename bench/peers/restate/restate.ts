import path from 'node:path';
import { findFreePort } from '../../../src/temporal/ports';
import { TsProcess } from '../../../test/support/ts-process';
import { outcomeOf, postJson } from '../http';
import { npmPackages, peerDirectory } from '../install';
import type { Peer, PeerContext, Row } from '../peer';
import { measureOrders } from '../phases';
import { endOf } from '../program';
import { checkSequences } from '../sequences';
import { startServer } from '../server';
import type { Server } from '../server';
import { SAGA } from '../work';
import packageJson from './package.json';

const HOST = '127.0.0.1';
const VERSION = packageJson.dependencies['@restatedev/restate-server'];
const RECORDS = 'each result in a replicated log (one node), fsync, before the next step';

/** Restate: a server with a log of its own, which calls the service and writes down what its steps return. */
export const restate: Peer<string> = {
  name: 'restate',
  title: 'Restate',
  install: (context) => npmPackages(__dirname, peerDirectory(context, 'restate', VERSION), context),
  run: async (packages, context) => {
    const [node, ingress, admin, servicePort] = [
      await findFreePort(HOST),
      await findFreePort(HOST),
      await findFreePort(HOST),
      await findFreePort(HOST),
    ];
    const service = new TsProcess('bench/peers/restate/service.mjs', [String(servicePort)], {
      ...process.env,
      PEER_PACKAGES: packages,
    });
    try {
      await service.said(/ready/);
      const server = await start(packages, context.directory, { node, ingress, admin });
      try {
        await register(`http://${HOST}:${String(admin)}`, `http://${HOST}:${String(servicePort)}`);
        const rows = await measureBoth(`http://${HOST}:${String(ingress)}`, context);
        checkSequences(await endOf(service), [SAGA, SAGA], context.sizes);
        return rows;
      } finally {
        await server.stop();
      }
    } finally {
      await service.dispose();
    }
  },
};

interface Ports {
  readonly node: number;
  readonly ingress: number;
  readonly admin: number;
}

function start(packages: string, directory: string, { node, ingress, admin }: Ports): Promise<Server> {
  const platform = `restate-server-${process.platform}-${process.arch}`;
  const binary = path.join(packages, 'node_modules', '@restatedev', platform, 'bin', 'restate-server');
  const environment = {
    ...process.env,
    RESTATE_DISABLE_TELEMETRY: 'true',
    RESTATE_BIND_PORT: String(node),
    RESTATE_INGRESS__BIND_PORT: String(ingress),
    RESTATE_ADMIN__BIND_PORT: String(admin),
  };
  const args = ['--no-logo', '--listen-mode', 'tcp', '--bind-ip', HOST, '--base-dir', directory];
  return startServer(binary, args, { environment }, `http://${HOST}:${String(admin)}/health`);
}

async function register(admin: string, service: string): Promise<void> {
  const { status, text } = await postJson(`${admin}/deployments`, { uri: service });
  if (status >= 300) throw new Error(`Restate does not take the service (${String(status)}): ${text}`);
}

async function measureBoth(ingress: string, { sizes, say }: PeerContext): Promise<Row[]> {
  say('service');
  const service = await measureOrders(async (order, wanted) => {
    const id = `service-${order}`;
    return outcomeOf(await postJson(`${ingress}/order/run`, { id, wanted }));
  }, sizes);
  say('workflow');
  const workflow = await measureOrders(async (order, wanted) => {
    const id = `workflow-${order}`;
    return outcomeOf(await postJson(`${ingress}/orderWorkflow/${id}/run`, { id, wanted }));
  }, sizes);
  return [
    { name: 'Restate, service', records: RECORDS, figures: service },
    { name: 'Restate, workflow by id', records: RECORDS, figures: workflow },
  ];
}

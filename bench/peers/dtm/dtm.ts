import { findFreePort } from '../../../src/temporal/ports';
import { TsProcess } from '../../../test/support/ts-process';
import { outcomeOf, postJson } from '../http';
import type { Peer, PeerContext, Row } from '../peer';
import { measureOrders } from '../phases';
import { endOf } from '../program';
import { checkSequences } from '../sequences';
import { startServer } from '../server';
import { REFUSED, SAGA, STEPS } from '../work';
import type { Expected, PlaceOrder } from '../work';
import { installDtm } from './install';

const HOST = '127.0.0.1';
const confirmOf = (step: string) => `confirm/${step}`;
const cancelOf = (step: string) => `cancel/${step}`;

const names = STEPS.map(({ name }) => name);
/** DTM confirms in reverse, too. */
const TCC: Expected = {
  completed: [...names, ...names.map(confirmOf).reverse()],
  compensated: [...names, ...names.map(cancelOf).reverse()],
};

/** DTM, an HTTP coordinator with its default store. */
export const dtm: Peer<string> = {
  name: 'dtm',
  title: 'DTM',
  install: installDtm,
  run: async (binary, { sizes, directory, say }) => {
    const [http, grpc, branchesPort] = [
      await findFreePort(HOST),
      await findFreePort(HOST),
      await findFreePort(HOST),
    ];
    const api = `http://${HOST}:${String(http)}/api/dtmsvr`;
    const branchesUrl = `http://${HOST}:${String(branchesPort)}`;
    const environment = {
      ...process.env,
      HTTP_PORT: String(http),
      GRPC_PORT: String(grpc),
      LOG_LEVEL: 'error',
    };
    const branches = new TsProcess('bench/peers/dtm/branches.mjs', [String(branchesPort)], process.env);
    try {
      await branches.said(/ready/);
      // Its store is a file in its working directory.
      const server = await startServer(binary, [], { environment, cwd: directory }, `${api}/version`);
      try {
        const rows = await measureBoth(api, branchesUrl, { sizes, directory, say });
        checkSequences(await endOf(branches), [SAGA, TCC], sizes);
        return rows;
      } finally {
        await server.stop();
      }
    } finally {
      await branches.dispose();
    }
  },
};

async function measureBoth(api: string, branches: string, { sizes, say }: PeerContext): Promise<Row[]> {
  say('saga');
  const saga = await measureOrders(sagaOf(api, branches), sizes);
  say('TCC');
  const tcc = await measureOrders(tccOf(api, branches), sizes);
  return [
    {
      name: 'DTM, saga',
      records: 'that it is done, in a bbolt file, fsync, before the next step; no result',
      figures: saga,
    },
    {
      name: 'DTM, TCC',
      records: 'its branch before its try, its confirm afterwards, in a bbolt file, fsync; no result',
      figures: tcc,
    },
  ];
}

function sagaOf(api: string, branches: string): PlaceOrder {
  return async (id, wanted) => {
    const answer = await postJson(`${api}/submit`, {
      gid: `saga-${id}`,
      trans_type: 'saga',
      wait_result: true,
      steps: STEPS.map(({ name, undo }) => ({
        action: `${branches}/${name}`,
        // DTM would undo what was refused as well.
        compensate: name === REFUSED ? '' : `${branches}/${undo}`,
      })),
      payloads: STEPS.map(() => JSON.stringify({ id: `saga-${id}`, wanted })),
    });
    return outcomeOf(answer);
  };
}

/** As DTM's own client does it: each branch is registered before its try, then all are confirmed, or all cancelled. */
function tccOf(api: string, branches: string): PlaceOrder {
  return async (id, wanted) => {
    const gid = `tcc-${id}`;
    const transaction = { gid, trans_type: 'tcc', wait_result: true };
    const order = { id: gid, wanted };
    await accepted(`${api}/prepare`, transaction);
    for (const [index, { name }] of STEPS.entries()) {
      const branchId = String(index + 1).padStart(2, '0');
      await accepted(`${api}/registerBranch`, {
        gid,
        trans_type: 'tcc',
        branch_id: branchId,
        status: 'prepared',
        data: JSON.stringify(order),
        confirm: `${branches}/${confirmOf(name)}`,
        cancel: `${branches}/${cancelOf(name)}`,
      });
      const query = new URLSearchParams({
        dtm: 'http',
        gid,
        trans_type: 'tcc',
        branch_id: branchId,
        op: 'try',
      });
      const tried = await postJson(`${branches}/${name}?${query.toString()}`, order);
      if (outcomeOf(tried) === 'completed') continue;
      await accepted(`${api}/abort`, transaction);
      return 'compensated';
    }
    await accepted(`${api}/submit`, transaction);
    return 'completed';
  };
}

async function accepted(url: string, body: unknown): Promise<void> {
  const { status, text } = await postJson(url, body);
  if (status !== 200) throw new Error(`${url} answered ${String(status)}: ${text}`);
}

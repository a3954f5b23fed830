/**
 * `process.mjs <sizes as JSON>`: DBOS is a library, so that who places an order and what carries it out are one process,
 * which measures itself; what it writes last is how it did.
 */
import { fromPackages } from '../from-packages.mjs';
import { measureOrders } from '../phases.ts';
import { Sequences } from '../sequences.ts';
import { REFUSED, STEPS } from '../work.ts';

const { DBOS } = fromPackages('@dbos-inc/dbos-sdk');
const REFUSAL = 'refused';
const sequences = new Sequences();

async function saga(id, wanted) {
  const undos = [];
  try {
    for (const { name, undo } of STEPS) {
      await DBOS.runStep(() => step(id, name, wanted === 'compensated' && name === REFUSED), { name });
      undos.unshift(undo);
    }
  } catch (error) {
    for (const undo of undos) await DBOS.runStep(() => step(id, undo, false), { name: undo });
    throw error;
  }
}

async function step(id, name, refused) {
  sequences.add(id, name);
  if (refused) throw new Error(REFUSAL);
  return id;
}

const workflow = DBOS.registerWorkflow(saga, { name: 'order' });

async function place(id, wanted) {
  const handle = await DBOS.startWorkflow(workflow, { workflowID: id })(id, wanted);
  try {
    await handle.getResult();
    return 'completed';
  } catch (error) {
    if (error.message === REFUSAL) return 'compensated';
    throw error;
  }
}

const say = (line) => process.stderr.write(`${line}\n`);
const ignore = () => undefined;
const logger = { info: ignore, debug: ignore, warn: say, error: say };
const poolSize = process.env.PEER_POOL_SIZE;
DBOS.setConfig({
  name: 'bench',
  systemDatabaseUrl: process.env.PEER_DATABASE_URL,
  runAdminServer: false,
  logger,
  ...(poolSize !== undefined && { systemDatabasePoolSize: Number(poolSize) }),
});
await DBOS.launch();
const figures = await measureOrders(place, JSON.parse(process.argv[2]));
await DBOS.shutdown();
process.stdout.write(`${JSON.stringify({ figures, sequences: sequences.counts() })}\n`, () =>
  process.exit(0),
);

/** `service.mjs <port>`: the order as a service (`order`) and as a workflow with the order's id for its key (`orderWorkflow`). */
import './node-20.mjs';
import http2 from 'node:http2';
import { fromPackages } from '../from-packages.mjs';
import { Sequences } from '../sequences.ts';
import { REFUSED, STEPS } from '../work.ts';

const restate = fromPackages('@restatedev/restate-sdk');
const sequences = new Sequences();

async function saga(context, { id, wanted }) {
  const undos = [];
  try {
    for (const { name, undo } of STEPS) {
      await context.run(name, () => {
        sequences.add(id, name);
        if (wanted === 'compensated' && name === REFUSED) {
          throw new restate.TerminalError('refused', { errorCode: 409 });
        }
        return id;
      });
      undos.unshift(undo);
    }
    return id;
  } catch (error) {
    for (const undo of undos) {
      await context.run(undo, () => {
        sequences.add(id, undo);
        return id;
      });
    }
    throw error;
  }
}

const services = [
  restate.service({ name: 'order', handlers: { run: saga } }),
  restate.workflow({ name: 'orderWorkflow', handlers: { run: saga } }),
];
const server = http2.createServer(restate.createEndpointHandler({ services }));
server.listen(Number(process.argv[2]), '127.0.0.1', () => process.stdout.write('ready\n'));
process.once('SIGTERM', () => {
  process.stdout.write(`${JSON.stringify(sequences.counts())}\n`, () => process.exit(0));
});

/** `branches.mjs <port>`: the steps and what undoes them as DTM calls them, answered at once; 409 is a refusal for good. */
import http from 'node:http';
import { Sequences } from '../sequences.ts';
import { REFUSED } from '../work.ts';

const sequences = new Sequences();

const server = http.createServer((request, response) => {
  let text = '';
  request.setEncoding('utf8');
  request.on('data', (chunk) => (text += chunk));
  request.on('end', () => {
    const step = request.url.split('?')[0].slice(1);
    const { id, wanted } = JSON.parse(text);
    sequences.add(id, step);
    const refused = wanted === 'compensated' && step === REFUSED;
    response.writeHead(refused ? 409 : 200, { 'content-type': 'application/json' }).end('{}');
  });
});
server.listen(Number(process.argv[2]), '127.0.0.1', () => process.stdout.write('ready\n'));
process.once('SIGTERM', () => {
  process.stdout.write(`${JSON.stringify(sequences.counts())}\n`, () => process.exit(0));
});

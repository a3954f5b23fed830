import { copyFile, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { findOnPath, isExecutable } from '../../../src/temporal/environment';
import { buildWithGo } from '../../../src/temporal/go-build';
import { spawnGuarded } from '../../../src/temporal/guarded-child';
import { installOnce } from '../../../src/temporal/install-once';
import type { InstallContext } from '../../../src/temporal/install-once';
import { peerDirectory } from '../install';

const MODULE = 'github.com/dtm-labs/dtm';
/** Listens on all addresses, and no setting says otherwise. */
const LISTENS = path.join('dtmsvr', 'svr.go');
const EVERYWHERE = 'fmt.Sprintf(":%d"';
const LOOPBACK = 'fmt.Sprintf("127.0.0.1:%d"';

/** Builds DTM into the project's cache, once for all checkouts (minutes on two cores), to listen on loopback only. */
export async function installDtm(context: InstallContext): Promise<string> {
  const requirements = await readFile(path.join(__dirname, 'go.mod'), 'utf8');
  const version = /\sgithub\.com\/dtm-labs\/dtm (v\S+)/.exec(requirements)?.[1];
  if (version === undefined) throw new Error('go.mod requires no DTM');
  const binary = path.join(peerDirectory(context, 'dtm', version), 'dtm');
  if (await isExecutable(binary)) return binary;
  context.say(`not in ${path.dirname(binary)}: building it, once`);
  await installOnce(binary, context, (work) => build(work, context));
  return binary;
}

async function build(work: string, context: InstallContext): Promise<string> {
  const go = await findOnPath(context.environment, 'go');
  if (go === undefined) {
    throw new Error('DTM is built from source and there is no `go` on PATH: install Go (https://go.dev/dl)');
  }
  // A workspace file above this checkout would bring other requirements in.
  const variables = { GOWORK: 'off' };
  const environment = { ...context.environment, ...variables };
  const download = await spawnGuarded(go, ['mod', 'download', '-C', __dirname, '-json', MODULE], {
    environment,
  });
  const { code } = await download.ended;
  const output = download.outputTail();
  if (code !== 0) throw new Error(['DTM cannot be downloaded', ...output.slice(-10)].join('\n'));
  const { Dir } = JSON.parse(output.slice(output.indexOf('{')).join('\n')) as { Dir: string };
  const module = await loopbackOnly(work, Dir);
  const binary = path.join(work, 'dtm');
  const args = ['build', '-C', module, '-mod=readonly', '-v', '-o', binary, MODULE];
  return buildWithGo({ go, args, variables, binary }, context);
}

/** This module, with a copy of DTM that listens on loopback. @throws Error when {@link LISTENS} is not as it was. */
async function loopbackOnly(work: string, sources: string): Promise<string> {
  const copy = path.join(work, 'sources');
  // Neither the files nor the directories of go's cache can be written, and copies of them could not be either.
  for (const name of await readdir(sources, { recursive: true })) {
    const from = path.join(sources, name);
    if (!(await stat(from)).isFile()) continue;
    const to = path.join(copy, name);
    await mkdir(path.dirname(to), { recursive: true });
    await writeFile(to, await readFile(from));
  }
  const server = path.join(copy, LISTENS);
  const parts = (await readFile(server, 'utf8')).split(EVERYWHERE);
  if (parts.length !== 3) {
    throw new Error(`${LISTENS} of DTM listens ${String(parts.length - 1)} times, not twice`);
  }
  await writeFile(server, parts.join(LOOPBACK));
  const module = path.join(work, 'module');
  await mkdir(module);
  const requirements = await readFile(path.join(__dirname, 'go.mod'), 'utf8');
  await writeFile(path.join(module, 'go.mod'), `${requirements}\nreplace ${MODULE} => ../sources\n`);
  await copyFile(path.join(__dirname, 'go.sum'), path.join(module, 'go.sum'));
  return module;
}

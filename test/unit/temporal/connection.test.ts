import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttp2Server, type ServerHttp2Session } from 'node:http2';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ConfigError } from '../../../src/config/config';
import {
  connectTemporal,
  isTemporalNamed,
  resolveTemporalTarget,
  TemporalUnreachableError,
} from '../../../src/temporal/connection';
import { findFreePort } from '../../../src/temporal/ports';
import { writeServerRecord } from '../../../src/temporal/server-record';

describe('which Temporal server is meant', () => {
  let dataDir: string;
  /** HOME is a directory of the test's own: the developer's profile must not be read. */
  let environment: Record<string, string>;

  beforeEach(async () => {
    dataDir = await mkdtemp(path.join(os.tmpdir(), 'connection-'));
    environment = { HOME: dataDir };
  });

  afterEach(() => rm(dataDir, { recursive: true, force: true }));

  const record = (address: string) =>
    writeServerRecord(dataDir, { address, namespace: 'default', pid: process.pid, ownerPid: process.pid });

  it('is the one of TEMPORAL_ADDRESS, also when a server runs on DATA_DIR', async () => {
    await record('127.0.0.1:4000');
    environment['TEMPORAL_ADDRESS'] = 'temporal.example.org:7233';
    environment['TEMPORAL_NAMESPACE'] = 'shop';
    const target = await resolveTemporalTarget({ dataDir }, environment);
    expect(target).toMatchObject({
      address: 'temporal.example.org:7233',
      namespace: 'shop',
      source: 'TEMPORAL_ADDRESS',
    });
    expect(isTemporalNamed(environment)).toBe(true);
  });

  it('is the one that runs on DATA_DIR when nothing is named', async () => {
    await record('127.0.0.1:4000');
    const target = await resolveTemporalTarget({ dataDir }, environment);
    expect(target).toMatchObject({ address: '127.0.0.1:4000', namespace: 'default' });
    expect(target.source).toBe(path.join(dataDir, 'temporal.json'));
    expect(isTemporalNamed(environment)).toBe(false);
  });

  it('is localhost:7233 when nothing else says where', async () => {
    const target = await resolveTemporalTarget({ dataDir }, environment);
    expect(target).toMatchObject({ address: 'localhost:7233', namespace: 'default', source: 'default' });
  });

  it('counts an empty variable as unset', async () => {
    await record('127.0.0.1:4000');
    environment = { ...environment, TEMPORAL_ADDRESS: '', TEMPORAL_NAMESPACE: '', TEMPORAL_API_KEY: '' };
    expect(isTemporalNamed(environment)).toBe(false);
    expect((await resolveTemporalTarget({ dataDir }, environment)).address).toBe('127.0.0.1:4000');
  });

  it.each(['TEMPORAL_NAMESPACE', 'TEMPORAL_API_KEY', 'TEMPORAL_TLS_SERVER_NAME'])(
    'is a named one when only %s is set',
    (name) => {
      expect(isTemporalNamed({ ...environment, [name]: 'x' })).toBe(true);
    },
  );

  it('is not named by TEMPORAL_CLI_PATH, which says how to start one', () => {
    expect(isTemporalNamed({ ...environment, TEMPORAL_CLI_PATH: '/usr/bin/temporal' })).toBe(false);
  });

  it('takes address, namespace, key and TLS from a profile', async () => {
    const file = path.join(dataDir, 'profiles.toml');
    await writeFile(
      file,
      [
        '[profile.cloud]',
        'address = "shop.tmprl.example.org:7233"',
        'namespace = "shop.a1"',
        'api_key = "secret"',
        '[profile.cloud.tls]',
        'server_name = "other.example.org"',
      ].join('\n'),
    );
    environment = { ...environment, TEMPORAL_CONFIG_FILE: file, TEMPORAL_PROFILE: 'cloud' };
    const target = await resolveTemporalTarget({ dataDir }, environment);
    expect(target).toMatchObject({
      address: 'shop.tmprl.example.org:7233',
      namespace: 'shop.a1',
      source: 'TEMPORAL_PROFILE',
      connectionOptions: {
        address: 'shop.tmprl.example.org:7233',
        apiKey: 'secret',
        tls: { serverNameOverride: 'other.example.org' },
      },
    });
  });

  it.each([
    ['a file that is missing', { TEMPORAL_CONFIG_FILE: '/nowhere/temporal.toml' }, /TEMPORAL_CONFIG_FILE/],
    ['a profile that is missing', { TEMPORAL_PROFILE: 'nobody' }, /TEMPORAL_PROFILE.*nobody/],
    [
      'a certificate that is missing',
      { TEMPORAL_ADDRESS: 'a:1', TEMPORAL_TLS_SERVER_CA_CERT_PATH: '/nowhere/ca.pem' },
      /nowhere\/ca\.pem/,
    ],
  ])('refuses %s by name', async (_, wrong, message) => {
    const resolved = resolveTemporalTarget({ dataDir }, { ...environment, ...wrong });
    await expect(resolved).rejects.toThrow(ConfigError);
    await expect(resolved).rejects.toThrow(message);
  });

  it('refuses a record that this program did not write, naming the file', async () => {
    await writeFile(path.join(dataDir, 'temporal.json'), '{"address": 5}');
    await expect(resolveTemporalTarget({ dataDir }, environment)).rejects.toThrow(/temporal\.json/);
  });

  describe('when it does not answer', () => {
    const timeoutMs = 300;
    let closed: string;

    beforeEach(async () => {
      closed = `127.0.0.1:${String(await findFreePort('127.0.0.1'))}`;
    });

    async function failure(): Promise<TemporalUnreachableError> {
      const error: unknown = await connectTemporal({ dataDir }, { environment, timeoutMs }).catch(
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(TemporalUnreachableError);
      return error as TemporalUnreachableError;
    }

    it('says the address, that TEMPORAL_ADDRESS named it, and what to do', async () => {
      environment['TEMPORAL_ADDRESS'] = closed;
      const { message } = await failure();
      expect(message).toContain(closed);
      expect(message).toContain('correct TEMPORAL_ADDRESS');
    });

    it('says that the stack of DATA_DIR is gone, and how to start it', async () => {
      await record(closed);
      const { message } = await failure();
      expect(message).toContain(closed);
      expect(message).toContain(path.join(dataDir, 'temporal.json'));
      expect(message).toContain('npm run dev');
    });

    it('is not fooled by a server that speaks HTTP/2 and knows no Temporal', async () => {
      const sessions: ServerHttp2Session[] = [];
      const other = createHttp2Server((_, response) => {
        response.writeHead(404).end();
      });
      other.on('session', (session) => sessions.push(session));
      await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
      try {
        environment['TEMPORAL_ADDRESS'] = `127.0.0.1:${String((other.address() as AddressInfo).port)}`;
        const { message } = await failure();
        expect(message).toContain('404');
      } finally {
        sessions.forEach((session) => {
          session.destroy();
        });
        await new Promise((resolve) => other.close(resolve));
      }
    });

    it('gives up on a server that accepts and stays silent', async () => {
      const sockets: Socket[] = [];
      const silent: Server = createServer((socket) => sockets.push(socket));
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
      try {
        environment['TEMPORAL_ADDRESS'] = `127.0.0.1:${String((silent.address() as AddressInfo).port)}`;
        const { message } = await failure();
        expect(message).toContain(`no answer within ${String(timeoutMs)} ms`);
      } finally {
        sockets.forEach((socket) => socket.destroy());
        await new Promise((resolve) => silent.close(resolve));
      }
    });
  });
});

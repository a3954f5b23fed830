import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const openssl = (...args: string[]) => promisify(execFile)('openssl', args);

/** Paths of PEM files. */
interface Identity {
  readonly cert: string;
  readonly key: string;
}

/** A certificate authority of the test's own, with a server for loopback and a client that it vouches for. */
export interface Certificates {
  readonly ca: string;
  readonly server: Identity;
  readonly client: Identity;
  remove(): Promise<void>;
}

/** Made by `openssl`, valid for a day. */
export async function newCertificates(): Promise<Certificates> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'durable-orders-tls-'));
  const file = (name: string) => path.join(directory, name);
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const ca = { cert: file('ca.pem'), key: file('ca.key') };
  await openssl(
    ...['req', '-x509', ...newKey, '-days', '1', '-subj', '/CN=test authority'],
    ...['-keyout', ca.key, '-out', ca.cert],
  );
  const signed = async (name: string, extensions: string): Promise<Identity> => {
    const identity = { cert: file(`${name}.pem`), key: file(`${name}.key`) };
    const [request, config] = [file(`${name}.csr`), file(`${name}.ext`)];
    await writeFile(config, extensions);
    await openssl('req', ...newKey, '-subj', `/CN=${name}`, '-keyout', identity.key, '-out', request);
    await openssl(
      ...['x509', '-req', '-in', request, '-CA', ca.cert, '-CAkey', ca.key, '-CAcreateserial'],
      ...['-days', '1', '-extfile', config, '-out', identity.cert],
    );
    return identity;
  };
  return {
    ca: ca.cert,
    server: await signed(
      'server',
      'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n',
    ),
    client: await signed('client', 'extendedKeyUsage=clientAuth\n'),
    remove: () => rm(directory, { recursive: true }),
  };
}

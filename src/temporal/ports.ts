import { createServer } from 'node:net';

/** Whether nothing listens on `port` of `host`. */
export async function isPortFree(host: string, port: number): Promise<boolean> {
  return (await tryListen(host, port)) !== undefined;
}

/** A port of `host` that nothing listens on at this moment. */
export async function findFreePort(host: string): Promise<number> {
  const port = await tryListen(host, 0);
  if (port === undefined) throw new Error(`there is no free port on ${host}`);
  return port;
}

/** The port that could be listened on (and is free again), or `undefined` when it is taken. */
function tryListen(host: string, port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(undefined);
      else reject(error);
    });
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address();
      const listening = typeof address === 'object' && address !== null ? address.port : undefined;
      server.close(() => {
        resolve(listening);
      });
    });
  });
}

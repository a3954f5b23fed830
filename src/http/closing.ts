import type { Socket } from 'node:net';
import type { HttpApp } from './http-app';

/** How long a closing app waits for requests that are being sent or answered, ms. */
export const CLOSING_GRACE_MS = 5_000;

/**
 * Makes `app.close()` end: what is being answered is answered, within {@link CLOSING_GRACE_MS}, and no connection is waited for
 * beyond that.
 *
 * Node by itself waits for ever for a client that has connected and does not ask (browsers do, to be quicker later) or
 * that never finishes asking; and for one that was answered meanwhile as long as connections may be idle.
 */
export function closeInTime(app: HttpApp): void {
  const unused = new Set<Socket>();
  let closing = false;
  app.server.on('connection', (socket: Socket) => {
    unused.add(socket);
    socket.once('close', () => unused.delete(socket));
  });
  app.server.on('request', ({ socket }) => unused.delete(socket));
  app.addHook('preClose', (done) => {
    closing = true;
    for (const socket of unused) socket.destroy();
    setTimeout(() => {
      app.server.closeAllConnections();
    }, CLOSING_GRACE_MS).unref();
    done();
  });
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (closing) reply.header('connection', 'close');
    done(null, payload);
  });
  // A stream that began before the close has promised to keep its connection.
  app.addHook('onResponse', (request, _reply, done) => {
    if (closing) request.raw.socket.destroySoon();
    done();
  });
}

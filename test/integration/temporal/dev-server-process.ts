import { startDevServer } from '../../../src/temporal/dev-server';

/** A stack's server and nothing else, until it is killed: prints the server's pid. */
startDevServer({
  config: { dataDir: process.argv[2] ?? '', devServerPort: Number(process.argv[3]) },
  persistent: true,
  ui: false,
}).then(
  (server) => {
    process.stdout.write(`server ${String(server.pid)}\n`);
    setInterval(() => undefined, 60_000);
  },
  (error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exit(1);
  },
);

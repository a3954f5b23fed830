import { runCli } from './cli/run';

// A reader that has seen enough (`orders list | head -1`) is no error of ours.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
}

void runCli(process.argv.slice(2), process).then((exitCode) => {
  process.exitCode = exitCode;
});

import { findTemporalCli } from '../../../src/temporal/cli-binary';

/** Asks for the CLI as any command does, but never downloads it: the tests watch the build. */
findTemporalCli({
  download: () => Promise.reject(new Error('no download in this test')),
  onProgress: (line) => process.stderr.write(`${line}\n`),
}).then(
  (file) => process.stdout.write(`${file}\n`),
  (error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exitCode = 1;
  },
);

import { TestWorkflowEnvironment } from '@temporalio/testing';
import { TEMPORAL_CLI_VERSION } from './cli-release';

/** Started by cli-download.ts with the directory to download into. Exit code 1, with the reason, on failure. */
async function main(): Promise<void> {
  const downloadDir = process.argv[2];
  if (downloadDir === undefined) throw new Error('usage: cli-download-process <directory>');
  const environment = await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'cached-download', downloadDir, version: TEMPORAL_CLI_VERSION, ttl: '365d' },
      log: { format: 'text', level: 'error' },
    },
  });
  await environment.teardown();
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${message.replaceAll('\n', ' ')}\n`);
    process.exit(1);
  },
);

import type { InstallContext } from '../../src/temporal/install-once';

/**
 * Runs `install` with its progress on stderr, and prints what it returns: where the tool is.
 *
 * With `--if-possible` a failure is told and forgiven: `npm test` goes on, and only the tests that need it fail.
 */
export function runInstaller(tool: string, install: (context: InstallContext) => Promise<string>): void {
  const context = {
    environment: process.env,
    say: (line: string) => process.stderr.write(`${tool}: ${line}\n`),
  };
  install(context).then(
    (place) => {
      process.stdout.write(`${place}\n`);
    },
    (error: unknown) => {
      process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
      process.exitCode = process.argv.includes('--if-possible') ? 0 : 1;
    },
  );
}

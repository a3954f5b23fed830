import { parseArgs } from 'node:util';
import { loadConfig } from './config/config';
import { UsageError } from './stack/failure';
import { readyLine } from './stack/ready-line';
import { reportFailure, runUntilSignal } from './stack/run-until-signal';
import { startStack } from './stack/stack';

const USAGE = `Usage: npm run dev

Runs Temporal (unless TEMPORAL_* names a server), the services and a worker until Ctrl-C. Orders are kept
under DATA_DIR across restarts. Ports and DATA_DIR may be changed together to run two stacks side by side.`;

/** `npm run dev`: the whole stack, staying up. */
async function main(): Promise<void> {
  try {
    if (isHelpWanted(process.argv.slice(2))) {
      process.stdout.write(`${USAGE}\n`);
      return;
    }
    const config = loadConfig();
    const print = (line: string): void => void process.stdout.write(`${line}\n`);
    const progress = (line: string): void => void process.stderr.write(`${line}\n`);
    await runUntilSignal(async (signal) => {
      const stack = await startStack({
        config,
        withServer: true,
        persistent: true,
        signal,
        onReady: (part) => {
          print(readyLine(part));
        },
        onProgress: progress,
      });
      print('');
      if (stack.temporal.uiUrl !== undefined) print(`Temporal's web UI: ${stack.temporal.uiUrl}`);
      print('An order: npx orders start --sample --watch');
      print('Ctrl-C drains and stops everything.');
      print('ready');
      return stack;
    }, progress);
  } catch (error) {
    reportFailure(error);
  }
}

function isHelpWanted(args: string[]): boolean {
  try {
    return parseArgs({ args, options: { help: { type: 'boolean', short: 'h' } } }).values.help === true;
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${USAGE}`);
  }
}

void main();

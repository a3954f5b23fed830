import { parseArgs } from 'node:util';
import { loadConfig } from './config/config';
import { UsageError } from './stack/failure';
import { readyLine } from './stack/ready-line';
import { reportFailure, runUntilSignal } from './stack/run-until-signal';
import { isPartName, PART_NAMES, startPart, type PartName } from './stack/start-part';

const USAGE = `Usage: npm start -- <part>

Runs one part of the system in this process, until SIGINT or SIGTERM; what is in progress is finished first.

Parts: ${PART_NAMES.join(', ')}

Configuration comes from the environment; see the table in README.md.`;

/** `npm start -- <part>`: one part alone, as a deployment runs it. */
async function main(): Promise<void> {
  try {
    const name = requestedPart(process.argv.slice(2));
    if (name === undefined) {
      process.stdout.write(`${USAGE}\n`);
      return;
    }
    const config = loadConfig();
    await runUntilSignal(
      async () => {
        const part = await startPart(name, { config });
        process.stdout.write(`${readyLine(part)}\n`);
        return part;
      },
      (line) => process.stderr.write(`${line}\n`),
    );
  } catch (error) {
    reportFailure(error);
  }
}

/** The part that `args` ask for; `undefined` when they ask for help. */
function requestedPart(args: string[]): PartName | undefined {
  let parsed;
  try {
    parsed = parseArgs({
      args,
      allowPositionals: true,
      options: { help: { type: 'boolean', short: 'h' } },
    });
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${USAGE}`);
  }
  if (parsed.values.help === true) return undefined;
  const [name, ...more] = parsed.positionals;
  if (name === undefined) throw new UsageError(`which part?\n\n${USAGE}`);
  if (more.length > 0) throw new UsageError(`one part at a time, not ${args.join(' ')}\n\n${USAGE}`);
  if (!isPartName(name)) throw new UsageError(`there is no part ${name}\n\n${USAGE}`);
  return name;
}

void main();

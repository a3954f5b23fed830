import { startCodecServer } from './codec/start-codec-server';
import { loadConfig } from './config/config';
import { readyLine } from './stack/ready-line';
import { reportFailure, runUntilSignal } from './stack/run-until-signal';

/** `npm run codec-server`: decrypts payloads for Temporal's UI and CLI. */
async function main(): Promise<void> {
  try {
    const config = loadConfig();
    await runUntilSignal(
      async () => {
        const part = await startCodecServer(config);
        process.stdout.write(`${readyLine(part)}\n`);
        return part;
      },
      (line) => process.stderr.write(`${line}\n`),
    );
  } catch (error) {
    reportFailure(error);
  }
}

void main();

import { writeSync } from 'node:fs';
import { context, ROOT_CONTEXT, trace, TraceFlags } from '@opentelemetry/api';
import { startTelemetry } from '../../../src/telemetry/start-telemetry';

/**
 * A part in a process of its own, with the `OTEL_*` variables of its environment:
 * `outbox-process.ts <dataDir> <service> <traceId> <count> <end>` ends `count` spans in the trace, then
 * - `kill`: dies by SIGKILL in the same tick;
 * - `stop`: flushes, stops and ends by itself, when nothing holds it any more;
 * - `stay`: says `written` and stops at SIGTERM.
 *
 * Says `lost <n>` when it has stopped.
 */
const [dataDir = '', service = '', traceId = '', count = '0', end = 'stop'] = process.argv.slice(2);

const traceStore = process.env['TRACE_STORE'] !== 'off';
const telemetry = startTelemetry({ service, config: { dataDir, logLevel: 'warn', traceStore } });
const parent = trace.setSpanContext(ROOT_CONTEXT, {
  traceId,
  spanId: '00000000000000aa',
  traceFlags: TraceFlags.SAMPLED,
});
let left = Number(count);

async function stop(): Promise<void> {
  await telemetry.shutdown();
  writeSync(1, `lost ${String(telemetry.lostSpans())}\n`);
}

function finish(): void {
  if (end === 'kill') process.kill(process.pid, 'SIGKILL');
  else if (end === 'stop') void telemetry.flush().then(stop);
  else {
    const alive = setInterval(() => undefined, 1_000);
    process.once('SIGTERM', () => {
      clearInterval(alive);
      void stop();
    });
    writeSync(1, 'written\n');
  }
}

// A turn of the event loop for each span, as in a service: processes really interleave.
function next(): void {
  if (left === 0) {
    finish();
    return;
  }
  left -= 1;
  context.with(parent, () => {
    telemetry.tracer.startSpan(`work of ${service}`).end();
  });
  if (left === 0) finish();
  else setImmediate(next);
}

next();

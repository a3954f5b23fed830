import { writeSync } from 'node:fs';
import { context, ROOT_CONTEXT, trace, TraceFlags } from '@opentelemetry/api';
import { startTelemetry } from '../../../src/telemetry/start-telemetry';

/**
 * A part in a process of its own that ends `count` spans in the trace `traceId`, then is killed by SIGKILL in the same
 * tick or stops: `span-writer.ts <dataDir> <service> <traceId> <count> <kill|stop>`. Prints what it lost, if anything.
 */
const [dataDir = '', service = '', traceId = '', count = '0', end = 'stop'] = process.argv.slice(2);

const telemetry = startTelemetry({ service, config: { dataDir, logLevel: 'warn' }, environment: {} });
const parent = trace.setSpanContext(ROOT_CONTEXT, {
  traceId,
  spanId: '00000000000000aa',
  traceFlags: TraceFlags.SAMPLED,
});
let left = Number(count);

// A turn of the event loop for each span, as in a service: processes really interleave.
function next(): void {
  context.with(parent, () => {
    telemetry.tracer.startSpan('work').end();
  });
  left -= 1;
  if (left > 0) setImmediate(next);
  else if (end === 'kill') process.kill(process.pid, 'SIGKILL');
  else void telemetry.shutdown().then(() => writeSync(1, `lost ${String(telemetry.lostSpans())}\n`));
}

next();

import { readTrace } from '../../telemetry/trace-store';
import { isBusinessSpan } from '../../traces/business-spans';
import { lintTrace } from '../../traces/lint-trace';
import { renderTrees } from '../../traces/render-tree';
import { orderSpans } from '../../traces/order-spans';
import { spanTrees } from '../../traces/span-tree';
import { traceDocument } from '../../traces/trace-document';
import { toJaeger, toOtlp } from '../../traces/trace-formats';
import type { CommandContext } from '../context';
import { EXIT, UsageError } from '../failure';
import type { ExitCode } from '../failure';
import { orderIdArgument } from '../order-argument';
import type * as RepairOrderTrace from '../repair-order-trace';
import { withSession } from '../session';

export interface TraceOptions {
  readonly full?: true;
  readonly lint?: true;
  readonly repair?: true;
  readonly format: 'tree' | 'json' | 'otlp' | 'jaeger';
}

/** Where no terminal counts columns. */
const DEFAULT_WIDTH = 120;

/**
 * Shows an order's trace from the embedded store, or with `lint` checks it and exits 1 for each breach named; with
 * `repair`, what is missing is first made again from the order's history.
 */
export async function trace(id: string, options: TraceOptions, context: CommandContext): Promise<ExitCode> {
  const { output, config, io } = context;
  if (!config.traceStore) {
    output.note('TRACE_STORE=off: only spans that went to the embedded store before are shown.');
  }
  const orderId = orderIdArgument(id);
  const order = await withSession(context, {}, async (session) => {
    const found = await session.orders.getOrSummary(orderId);
    if (options.repair === true) await loadRepair().repairOrderTrace(orderId, session, context);
    return found;
  });
  const { traceId } = order;
  if (traceId === undefined) throw new UsageError(`Order ${orderId} was started without a trace`);
  const spans = orderSpans(readTrace(config, traceId), order);
  if (spans.length === 0) {
    throw new UsageError(`No span of trace ${traceId} is in the store of DATA_DIR=${config.dataDir}`);
  }
  const breaches = lintTrace(spans, order);
  if (options.lint === true) {
    output.result({ traceId, ok: breaches.length === 0, breaches }, () =>
      breaches.length === 0
        ? `Trace ${traceId}: ${String(spans.length)} spans, as they should be.`
        : breaches.map(({ rule, detail }) => `${output.colours.red(rule)}: ${detail}`).join('\n'),
    );
    return breaches.length === 0 ? EXIT.done : EXIT.notCompleted;
  }
  const format = output.json && options.format === 'tree' ? 'json' : options.format;
  if (format === 'tree') {
    const keep = options.full === true ? undefined : isBusinessSpan;
    const rendering = { width: output.width ?? DEFAULT_WIDTH, colors: output.colours };
    io.stdout.write(`${renderTrees(spanTrees(spans, keep), spans, rendering).join('\n')}\n`);
    return EXIT.done;
  }
  const formats = {
    json: () => traceDocument(traceId, spans, order),
    otlp: () => toOtlp(traceId, spans),
    jaeger: () => toJaeger(traceId, spans),
  };
  io.stdout.write(`${JSON.stringify(formats[format](), undefined, 2)}\n`);
  return EXIT.done;
}

/** Loaded when needed: bundling and replaying workflows takes the worker's half of the SDK. */
function loadRepair(): typeof RepairOrderTrace {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- see above
  return require('../repair-order-trace') as typeof RepairOrderTrace;
}

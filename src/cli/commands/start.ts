import type { Tracer } from '@opentelemetry/api';
import { SpanStatusCode } from '@opentelemetry/api';
import { serviceSource } from '../../orders/open-orders';
import type { Orders } from '../../orders/open-orders';
import type { PlacedOrder } from '../../orders/place-order';
import { parseOrder } from '../../orders/quote';
import type { ParsedOrder } from '../../orders/quote';
import { ATTR } from '../../telemetry/semconv';
import { startTelemetry } from '../../telemetry/start-telemetry';
import { callerContext } from '../caller-context';
import type { CommandContext } from '../context';
import type { ExitCode } from '../failure';
import { EXIT, UsageError } from '../failure';
import { orderInput } from '../order-input';
import type { OrderFlags } from '../order-input';
import { awaitAndPrint, exitCodeOfOrder, printOrder } from '../outcome';
import type { CliIo } from '../output';
import { renderSummary } from '../render-order';
import { noTracer, withSession } from '../session';
import { watchOrder } from '../watch';

export interface StartOptions extends OrderFlags {
  readonly watch?: true;
  readonly detach?: true;
}

/** `service.name` of the CLI's spans. */
const SERVICE = 'orders-cli';

/** Places one order, and by default waits for its outcome. */
export async function start(
  source: string | undefined,
  options: StartOptions,
  context: CommandContext,
): Promise<ExitCode> {
  if (source !== undefined && source !== '-') {
    throw new UsageError(`'${source}' is no source of an order: give --file ${source}, or - for stdin`);
  }
  if (source === '-' && options.file !== undefined && options.file !== '-') {
    throw new UsageError('the order comes from --file or from stdin (-), not from both');
  }
  const flags = source === '-' ? { ...options, file: '-' } : options;
  const input = await orderInput(flags, context.io);
  const order = await parseOrder(input, serviceSource(context.config, 'inventory', noTracer()));
  return withTelemetry(context, (telemetry) =>
    withSession(context, { search: true, tracer: telemetry.tracer }, async (session) => {
      const placed = await place(order, session, telemetry.tracer, context.io.env);
      await telemetry.flush();
      return report(placed, options, session, context);
    }),
  );
}

/** The trace of an order begins here, or goes on here from the caller's: pricing and start are its first spans. */
async function place(
  order: ParsedOrder,
  { orders }: Orders,
  tracer: Tracer,
  environment: CliIo['env'],
): Promise<PlacedOrder> {
  return tracer.startActiveSpan('orders start', {}, callerContext(environment), async (span) => {
    try {
      span.setAttribute(ATTR.orderId, order.order.orderId);
      return await orders.place(order);
    } catch (error) {
      const type = error instanceof Error ? error.name : typeof error;
      span.setAttribute(ATTR.errorType, type).setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  });
}

async function report(
  placed: PlacedOrder,
  { watch, detach }: StartOptions,
  { orders }: Orders,
  context: CommandContext,
): Promise<ExitCode> {
  const { output } = context;
  const { orderId, joined } = placed;
  output.note(
    joined ? `Order ${orderId} is there already, with the same content` : `Order ${orderId} started`,
  );
  if (detach === true) {
    output.result(placed, () => renderSummary(placed, output));
    return EXIT.done;
  }
  if (watch === true) {
    const order = await watchOrder(orders, orderId, output);
    printOrder(order, context);
    return exitCodeOfOrder(order);
  }
  const outcome = await awaitAndPrint(orders, orderId, context);
  return outcome === undefined ? EXIT.notCompleted : exitCodeOfOrder(outcome);
}

type CliTelemetry = ReturnType<typeof startTelemetry>;

/** Silent unless `LOG_LEVEL` asks for logs: a command's own words are enough. */
async function withTelemetry<T>(
  { config, io }: CommandContext,
  work: (telemetry: CliTelemetry) => Promise<T>,
): Promise<T> {
  const logLevel = io.env['LOG_LEVEL'] ? config.logLevel : 'silent';
  const telemetry = startTelemetry({
    service: SERVICE,
    config: { ...config, logLevel },
    environment: io.env,
  });
  try {
    return await work(telemetry);
  } finally {
    await telemetry.shutdown();
  }
}

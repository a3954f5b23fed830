import type { Kysely } from 'kysely';
import { z } from 'zod';
import { moneySchema, orderIdSchema, orderRequestSchema } from '../../domain/order-schema';
import { HoldBarrier } from '../barrier/hold-barrier';
import { idempotencyKeySchema, keyedCompensation, keyedRequest } from '../barrier/idempotency';
import { compensationRequestSchema } from '../compensation-route';
import { openDatabase, pingDatabase } from '../../database/open-database';
import { holdRoutes } from '../hold-routes';
import { forgottenAfterMs, HoldSweep } from '../hold-sweep';
import { pageQuerySchema, pageRequest } from '../pagination';
import type { ServiceApp, ServiceDeps } from '../service-app';
import { createServiceApp, sendAnswer } from '../service-app';
import { paymentBooks } from './books';
import { PaymentHolds } from './payment-holds';
import { PaymentService } from './payment-service';
import { paymentStatus } from './payment-status';
import type { PaymentProvider } from './provider';
import { openSandboxProvider } from './sandbox/sandbox-provider';
import type { PaymentTables } from './tables';
import { paymentMigrations } from './tables';

export interface PaymentDeps extends ServiceDeps {
  /** Closed with the app. @default the sandbox, with its account book beside the service's database */
  readonly provider?: PaymentProvider;
}

const chargeSchema = z.strictObject({
  orderId: orderIdSchema,
  amount: moneySchema.extend({ value: moneySchema.shape.value.min(1) }),
  method: orderRequestSchema.shape.payment.shape.method,
});

/** The payment service: charges, refunds and holds at the provider. Its database is open and migrated, and closed with the app. */
export async function buildPaymentApp(deps: PaymentDeps): Promise<ServiceApp> {
  const { config, telemetry } = deps;
  const db = await openDatabase<PaymentTables>(config, {
    schema: 'payment',
    migrations: paymentMigrations,
    telemetry,
  });
  const provider = deps.provider ?? (await openSandbox(deps, db));
  const { ttlMs, sweepIntervalMs } = config.holds;
  const access = { provider, timeoutMs: config.paymentProviderTimeoutMs };
  const barrier = new HoldBarrier(db, ttlMs);
  const payments = new PaymentService(barrier, access);
  const holds = new PaymentHolds(barrier, access);
  const sweep = new HoldSweep({
    service: 'payment',
    intervalMs: sweepIntervalMs,
    telemetry,
    due: (after, limit) => barrier.due(after, limit),
    expire: (hold) => holds.expire(hold),
  });
  const app = createServiceApp(deps, {
    ready: () => Promise.all([pingDatabase(db), provider.ping()]),
    close: async () => {
      await sweep.stop();
      await Promise.all([db.destroy(), provider.close()]);
    },
  });

  app.post('/payments', { schema: { body: chargeSchema } }, async (request, reply) =>
    sendAnswer(request, reply, await payments.charge(keyedRequest(request, request.body), request.body)),
  );

  app.post('/refunds', { schema: { body: compensationRequestSchema } }, async (request, reply) =>
    sendAnswer(request, reply, await payments.refund(keyedCompensation(request, request.body, 'action'))),
  );

  app.post('/holds', { schema: { body: chargeSchema } }, async (request, reply) =>
    sendAnswer(request, reply, await holds.hold(keyedRequest(request, request.body), request.body)),
  );

  holdRoutes(app, holds);

  app.get(
    '/payments/by-key/:key',
    { schema: { params: z.strictObject({ key: idempotencyKeySchema }) } },
    (request) => paymentStatus({ db, barrier, ...access }, request.params.key),
  );

  app.get('/books', { schema: { querystring: pageQuerySchema } }, (request) =>
    paymentBooks({ db, provider }, pageRequest(request.query), forgottenAfterMs(sweepIntervalMs)),
  );

  return app;
}

async function openSandbox({ config, telemetry }: ServiceDeps, db: Kysely<PaymentTables>) {
  try {
    return await openSandboxProvider(config, telemetry);
  } catch (error) {
    await db.destroy();
    throw error;
  }
}

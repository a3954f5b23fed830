import type { Config } from '../../src/config/config';
import type { PaymentBooks } from '../../src/domain/service-contract';
import { buildPaymentApp } from '../../src/services/payment/app';
import { openSandboxProvider } from '../../src/services/payment/sandbox/sandbox-provider';
import type { HttpAnswer, ServiceUnderTest } from './services';
import { serve } from './services';
import { FaultyProvider } from './services-faulty-provider';
import { testTelemetry } from './services-telemetry';

export const AMOUNT = { value: 5998, currency: 'EUR' };

/** A payment service over HTTP whose provider can be made to fail; the process may be restarted. */
export class PaymentUnderTest {
  private constructor(
    private readonly config: Config,
    private service: ServiceUnderTest,
    /** Of the running process; another after a restart. */
    public provider: FaultyProvider,
  ) {}

  static async start(config: Config): Promise<PaymentUnderTest> {
    const { service, provider } = await startProcess(config);
    return new PaymentUnderTest(config, service, provider);
  }

  /** A new process on the same databases, whose provider has no faults. */
  async restart(): Promise<void> {
    await this.service.stop();
    Object.assign(this, await startProcess(this.config));
  }

  stop(): Promise<void> {
    return this.service.stop();
  }

  charge(orderId: string, method = 'pm_card_visa'): Promise<HttpAnswer> {
    return this.service.post('/payments', { orderId, amount: AMOUNT, method }, keyOf(orderId));
  }

  refund(orderId: string, key = `order-${orderId}/refund_payment`): Promise<HttpAnswer> {
    return this.service.post('/refunds', { orderId, compensates: keyOf(orderId) }, key);
  }

  status(orderId: string): Promise<HttpAnswer> {
    return this.service.get(`/payments/by-key/${encodeURIComponent(keyOf(orderId))}`);
  }

  post(route: string, body: unknown, key?: string): Promise<HttpAnswer> {
    return this.service.post(route, body, key);
  }

  async books(query = 'limit=1000'): Promise<PaymentBooks> {
    return (await this.service.get(`/books?${query}`)).body as unknown as PaymentBooks;
  }

  /** What the provider has taken of the order and given back; undefined when it never took anything. */
  async money(orderId: string): Promise<{ charged: number; refunded: number } | undefined> {
    const entry = (await this.books()).payments.find((payment) => payment.orderId === orderId);
    return entry && { charged: entry.charged, refunded: entry.refunded };
  }
}

function keyOf(orderId: string): string {
  return `order-${orderId}/process_payment`;
}

async function startProcess(config: Config) {
  const telemetry = testTelemetry();
  const provider = new FaultyProvider(await openSandboxProvider(config, telemetry));
  return { service: await serve(await buildPaymentApp({ config, telemetry, provider })), provider };
}

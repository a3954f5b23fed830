import type { ChargeRequest, PaymentProvider } from '../../src/services/payment/provider';
import type { PageRequest } from '../../src/services/pagination';

type Call = 'charge' | 'authorise' | 'lookup' | 'capture' | 'void' | 'refund';
type Hook = (key: string) => void | Promise<void>;

/**
 * A provider on whose calls a test can lay its hand: `before` and `after` the provider has carried one out, the
 * process may die (throw) or be held up (a promise). Counts what really reached the provider.
 */
export class FaultyProvider implements PaymentProvider {
  readonly calls: Record<Call, number> = {
    charge: 0,
    authorise: 0,
    lookup: 0,
    capture: 0,
    void: 0,
    refund: 0,
  };
  before: Partial<Record<Call, Hook>> = {};
  after: Partial<Record<Call, Hook>> = {};

  constructor(private readonly provider: PaymentProvider) {}

  charge(request: ChargeRequest, signal: AbortSignal) {
    return this.through('charge', request.key, () => this.provider.charge(request, signal));
  }

  authorise(request: ChargeRequest, signal: AbortSignal) {
    return this.through('authorise', request.key, () => this.provider.authorise(request, signal));
  }

  lookup(key: string, signal: AbortSignal) {
    return this.through('lookup', key, () => this.provider.lookup(key, signal));
  }

  capture(key: string, signal: AbortSignal) {
    return this.through('capture', key, () => this.provider.capture(key, signal));
  }

  void(key: string, orderId: string, signal: AbortSignal) {
    return this.through('void', key, () => this.provider.void(key, orderId, signal));
  }

  refund(key: string, orderId: string, signal: AbortSignal) {
    return this.through('refund', key, () => this.provider.refund(key, orderId, signal));
  }

  books(page: PageRequest) {
    return this.provider.books(page);
  }

  ping() {
    return this.provider.ping();
  }

  close() {
    return this.provider.close();
  }

  private async through<Result>(call: Call, key: string, carryOut: () => Promise<Result>): Promise<Result> {
    await this.before[call]?.(key);
    this.calls[call] += 1;
    const result = await carryOut();
    await this.after[call]?.(key);
    return result;
  }
}

/** What a SIGKILL leaves: nothing after this point is executed. */
export function dies(): never {
  throw new Error('the process died here');
}

/** A place to be held up at, until it is opened. */
export class Gate {
  private release: () => void = () => undefined;
  private arrive: () => void = () => undefined;
  private readonly opened = new Promise<void>((resolve) => (this.release = resolve));
  /** Somebody stands at the gate. */
  readonly reached = new Promise<void>((resolve) => (this.arrive = resolve));

  readonly pass = async (): Promise<void> => {
    this.arrive();
    await this.opened;
  };

  open(): void {
    this.release();
  }
}

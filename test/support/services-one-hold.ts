import { eventually } from './eventually';
import type { ParticipantUnderTest, Standing, TccRequest } from './services-participants';
import { wordOf } from './services-participants';

/** The hold of one order at the payment service. */
export class OneHold {
  constructor(
    private readonly payment: ParticipantUnderTest,
    readonly order: string,
  ) {}

  /** What a request is answered, in a word. */
  async ask(request: TccRequest, suffix = ''): Promise<string> {
    return wordOf(await this.payment.send(this.order, request, { suffix }));
  }

  /** What the provider has of the order. */
  standing(): Promise<Standing> {
    return this.payment.standing(this.order);
  }

  /** What the service knows of it. */
  async state(): Promise<unknown> {
    const key = encodeURIComponent(`${this.order}/try`);
    return (await this.payment.get(`/payments/by-key/${key}`)).body['state'];
  }

  /** The coordinator never comes back; the service's own clean-up does what is left to do. */
  async isForgotten(end: string): Promise<void> {
    await this.payment.timePasses(this.order);
    await eventually(
      () => this.state(),
      (state) => state === end,
      `the hold is ${end}`,
    );
  }
}

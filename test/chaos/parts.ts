import type { PartName } from '../../src/stack/start-part';
import { TsProcess } from '../support/ts-process';

/** The parts of one stack, each in a process of its own, to be killed and brought back. */
export class Parts {
  readonly #environment: Readonly<Record<string, string>>;
  readonly #running = new Map<PartName, TsProcess>();
  /** How often each was killed. */
  readonly kills: Record<string, number> = {};

  /** @param environment what makes the processes one stack. */
  constructor(environment: Readonly<Record<string, string>>) {
    this.#environment = environment;
  }

  async start(...names: readonly PartName[]): Promise<void> {
    await Promise.all(
      names.map(async (name) => {
        const part = new TsProcess('src/start.ts', [name], { ...process.env, ...this.#environment });
        this.#running.set(name, part);
        await part.said(new RegExp(`^${name}\\s+ready`, 'm'));
      }),
    );
  }

  /** Ends it at once, whatever it is doing; returns once it is gone. */
  async kill(name: PartName): Promise<void> {
    const part = this.process(name);
    part.signal('SIGKILL');
    await part.ended;
    this.kills[name] = (this.kills[name] ?? 0) + 1;
  }

  /** Brings back what does not run, and lets go on what was stopped. */
  async restore(): Promise<void> {
    const gone = [...this.#running].filter(([, part]) => !part.isRunning).map(([name]) => name);
    for (const part of this.#running.values()) part.signal('SIGCONT');
    await this.start(...gone);
  }

  process(name: PartName): TsProcess {
    const part = this.#running.get(name);
    if (part === undefined) throw new Error(`${name} has not been started`);
    return part;
  }

  async dispose(): Promise<void> {
    await Promise.all([...this.#running.values()].map((part) => part.dispose()));
  }
}

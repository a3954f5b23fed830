import type { ServiceName } from '../../src/config/config';
import type { AmbushProxy, Fate } from '../support/ambush-proxy';
import { eventually } from '../support/eventually';
import type { Cell } from './cells';
import type { Parts } from './parts';

/** The call that a fault befalls. */
export interface StruckCall {
  readonly cell: Cell;
  readonly service: ServiceName;
  readonly proxy: AmbushProxy;
  readonly parts: Parts;
  readonly random: () => number;
  /** Whether the order that makes it is over. */
  readonly isOver: () => boolean;
  /** Asks that the order be cancelled; once it is over, nothing happens. */
  readonly cancel: () => Promise<void>;
}

/** What the fault does to the call; both sides are as before once `recovered` has resolved. */
export interface Strike {
  readonly fate: Fate;
  readonly recovered: Promise<void>;
}

/** Does what the cell says to its worker or service. */
export async function strike(struck: StruckCall): Promise<Strike> {
  switch (struck.cell.fault) {
    case 'worker-SIGKILL':
      return killed(struck, 'worker');
    case 'service-SIGKILL':
      return killed(struck, struck.service);
    case 'service-SIGSTOP':
      return frozen(struck);
    case 'worker-SIGTERM':
      return { fate: 'goes on', recovered: replaced(struck) };
    case 'cancel-twice':
      await Promise.all([struck.cancel(), struck.cancel()]);
      return { fate: 'goes on', recovered: Promise.resolve() };
  }
}

async function killed({ cell, parts, random }: StruckCall, victim: ServiceName | 'worker'): Promise<Strike> {
  await parts.kill(victim);
  const back = parts.start(victim);
  // A dead worker's request may still be on its way, and a dead service's answer is not.
  if (victim === 'worker') return { fate: random() < 0.5 ? 'goes on' : 'is lost', recovered: back };
  if (cell.moment === 'call') await back;
  return { fate: cell.moment === 'call' && random() < 0.5 ? 'goes on' : 'is lost', recovered: back };
}

/** Stops the service until a caller has lost patience with it, or none has called; then everything comes late. */
async function frozen({ service, proxy, parts, isOver }: StruckCall): Promise<Strike> {
  const before = proxy.abandoned;
  const process = parts.process(service);
  process.signal('SIGSTOP');
  try {
    await eventually(
      () => proxy.abandoned > before || isOver(),
      (late) => late,
      `${service} is late`,
    );
  } finally {
    process.signal('SIGCONT');
  }
  return { fate: 'goes on', recovered: Promise.resolve() };
}

/** The worker finishes what it is doing, and another one goes on. */
async function replaced({ parts }: StruckCall): Promise<void> {
  const worker = parts.process('worker');
  worker.signal('SIGTERM');
  const code = await worker.ended;
  if (code !== 0) throw new Error(`the worker ended with ${String(code)} when it was asked to stop`);
  await parts.start('worker');
}

import { ROOT_CONTEXT } from '@opentelemetry/api';
import type { Context, ContextManager } from '@opentelemetry/api';

interface Storage<T> {
  getStore(): T | undefined;
  run<R>(store: T, callback: () => R): R;
}

/** The isolate has Node's `AsyncLocalStorage` as a global, and takes down what a run has made of it. */
declare const AsyncLocalStorage: new <T>() => Storage<T>;

/**
 * One for all runs of a worker, where this module is loaded in advance: Node (before 24) has every promise of the thread carry
 * a property for each storage that there is, so that one for each run would cost every run memory and time for all others.
 * What one run puts here no other sees, because none awaits another's promises.
 */
const storage = new AsyncLocalStorage<Context>();

/** Keeps the active context through everything that workflow code awaits. */
export class WorkflowContextManager implements ContextManager {
  active(): Context {
    return storage.getStore() ?? ROOT_CONTEXT;
  }

  with<Args extends unknown[], F extends (...args: Args) => ReturnType<F>>(
    context: Context,
    fn: F,
    thisArg?: ThisParameterType<F>,
    ...args: Args
  ): ReturnType<F> {
    return storage.run(context, () => fn.apply(thisArg, args));
  }

  bind<T>(context: Context, target: T): T {
    if (typeof target !== 'function') return target;
    const call = target as (...args: unknown[]) => unknown;
    return ((...args: unknown[]) => this.with(context, () => call(...args))) as T;
  }

  enable(): this {
    return this;
  }

  disable(): this {
    return this;
  }
}

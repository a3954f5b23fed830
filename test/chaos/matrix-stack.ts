import type { ServiceName } from '../../src/config/config';
import { AmbushProxy } from '../support/ambush-proxy';
import { SERVICES } from './crash-matrix';

/** A proxy in front of each service, and what makes the parts of a stack use them. */
export interface Proxies {
  readonly proxies: Readonly<Record<ServiceName, AmbushProxy>>;
  readonly settings: Readonly<Record<string, string>>;
  /** Tells the proxies where the services listen. */
  aim(services: Readonly<Record<ServiceName, { readonly port: number }>>): void;
  stop(): Promise<void>;
}

export async function startProxies(): Promise<Proxies> {
  const entries = await Promise.all(SERVICES.map(async (name) => [name, await AmbushProxy.start()] as const));
  const proxies = Object.fromEntries(entries) as Record<ServiceName, AmbushProxy>;
  return {
    proxies,
    settings: Object.fromEntries(
      entries.map(([name, { url }]) => [`${name.toUpperCase()}_SERVICE_URL`, url]),
    ),
    aim: (services) => {
      for (const [name, proxy] of entries) proxy.target = `http://127.0.0.1:${String(services[name].port)}`;
    },
    stop: async () => {
      await Promise.all(entries.map(([, proxy]) => proxy.stop()));
    },
  };
}

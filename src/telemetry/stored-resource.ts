import type { Attributes } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { TraceDatabase } from './trace-database';

interface StoredResource {
  readonly attributes: Attributes;
  readonly schemaUrl?: string;
}

/**
 * The id of `resource` in the store, which knows it afterwards: equal resources have one id, whichever process asks.
 *
 * @throws libsql's error when the store cannot be written.
 */
export function storeResource(database: TraceDatabase, resource: Resource): number {
  const { attributes, schemaUrl } = resource;
  const stored: StoredResource = { attributes, ...(schemaUrl !== undefined && { schemaUrl }) };
  const text = JSON.stringify(stored);
  const select = database.prepare('select id from resources where resource = ?');
  const known = select.all(text) as { id: number }[];
  if (known.length === 0) {
    database.prepare('insert into resources (resource) values (?) on conflict do nothing').run(text);
    known.push(...(select.all(text) as { id: number }[]));
  }
  // Resources are never deleted, so one was found or has just been made.
  return (known[0] as { id: number }).id;
}

/** The resource whose `resources.resource` is `text`. */
export function readResource(text: string): Resource {
  const { attributes, schemaUrl } = JSON.parse(text) as StoredResource;
  return resourceFromAttributes(attributes, schemaUrl === undefined ? {} : { schemaUrl });
}

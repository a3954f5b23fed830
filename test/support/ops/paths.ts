import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';

const ROOT = path.join(__dirname, '../../..');

/** The absolute path of a file, given from the repository's root. */
export function inRepository(file: string): string {
  return path.join(ROOT, file);
}

/** The text of a file, given from the repository's root. */
export function readText(file: string): string {
  return readFileSync(inRepository(file), 'utf8');
}

/** What a YAML file says, given from the repository's root; its shape is the caller's to know. */
export function readYaml(file: string): unknown {
  return parse(readText(file));
}

import { readText } from './paths';

const DOCKERFILE = 'ops/docker/Dockerfile';

/** One instruction of the Dockerfile, its lines joined. */
export interface Instruction {
  readonly keyword: string;
  readonly argument: string;
}

/** Each stage of the Dockerfile with its instructions, the image itself last. */
export function stages(): Instruction[][] {
  const lines = readText(DOCKERFILE)
    .replaceAll('\\\n', '')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'));
  const found: Instruction[][] = [];
  for (const line of lines) {
    const [, keyword = '', argument = ''] = /^(\w+)\s+(.*)$/.exec(line) ?? [];
    if (keyword === 'FROM') found.push([]);
    found.at(-1)?.push({ keyword, argument });
  }
  return found;
}

/** What a stage copies out of the repository. */
export function copiedFrom(stage: readonly Instruction[]): string[] {
  return stage
    .filter(({ keyword, argument }) => keyword === 'COPY' && !argument.startsWith('--from='))
    .flatMap(({ argument }) => argument.split(/\s+/).slice(0, -1));
}

/** Whether Docker leaves `file` out of what it builds from: the last line that matches it, or a folder above it, counts. */
export function isIgnored(file: string): boolean {
  const lines = readText(`${DOCKERFILE}.dockerignore`)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  let ignored = false;
  for (const line of lines) {
    const pattern = line.replace(/^!/, '').replaceAll('.', '\\.').replaceAll('*', '[^/]*');
    if (new RegExp(`^${pattern}(/|$)`).test(file)) ignored = !line.startsWith('!');
  }
  return ignored;
}

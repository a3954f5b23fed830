const NAME_WIDTH = 10;

/** How a part that answers is announced: its name, then where it answers. */
export function readyLine(part: { readonly name: string; readonly address: string }): string {
  return `${part.name.padEnd(NAME_WIDTH)} ready  ${part.address}`;
}

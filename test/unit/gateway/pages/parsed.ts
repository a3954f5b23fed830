import { parse, parseFragment } from 'parse5';
import type { DefaultTreeAdapterTypes, ParserOptions, Token } from 'parse5';

type Node = DefaultTreeAdapterTypes.Node;
export type Element = DefaultTreeAdapterTypes.Element;

/** A page as a browser understands it. */
export interface ParsedPage {
  /** Every fault that the HTML standard knows. */
  readonly errors: readonly string[];
  readonly elements: readonly Element[];
}

export function parsePage(markup: string): ParsedPage {
  return collect(markup, (options) => parse(markup, options));
}

/** The inside of `<main>`. */
export function parseMain(markup: string): ParsedPage {
  return collect(markup, (options) => parseFragment(markup, options));
}

function collect(
  markup: string,
  read: (options: ParserOptions<DefaultTreeAdapterTypes.DefaultTreeAdapterMap>) => Node,
): ParsedPage {
  const errors: string[] = [];
  const root = read({
    sourceCodeLocationInfo: true,
    onParseError: ({ code, startLine }) => errors.push(`${code} in line ${String(startLine)}`),
  });
  const elements = elementsBelow(root);
  return { errors: [...errors, ...nestingFaults(elements, markup)], elements };
}

const VOID = new Set(['meta', 'link', 'input', 'br', 'hr', 'img']);

/** The standard forgives tags that are left out or too many, a parser does not report them: no page of ours needs that. */
function nestingFaults(elements: readonly Element[], markup: string): string[] {
  const ended = elements.filter(({ sourceCodeLocation }) => sourceCodeLocation?.endTag != null);
  const open = elements.filter(({ tagName, sourceCodeLocation }) => {
    if (VOID.has(tagName) || sourceCodeLocation?.endTag != null) return false;
    return sourceCodeLocation == null || !markup.slice(0, startTagEnd(sourceCodeLocation)).endsWith('/>');
  });
  const endTags = markup.match(/<\/[a-z]/gi)?.length ?? 0;
  return [
    ...open.map(({ tagName }) => `<${tagName}> is not closed`),
    ...(endTags === ended.length ? [] : [`${String(endTags - ended.length)} stray end tags`]),
  ];
}

function startTagEnd(location: Token.ElementLocation): number {
  return location.startTag?.endOffset ?? location.endOffset;
}

export function elementsBelow(node: Node): Element[] {
  if (!('childNodes' in node)) return [];
  return node.childNodes.flatMap((child) => [
    ...('tagName' in child ? [child] : []),
    ...elementsBelow(child),
  ]);
}

export function attribute({ attrs }: Element, name: string): string | undefined {
  return attrs.find((each) => each.name === name)?.value;
}

export function hasClass(element: Element, name: string): boolean {
  return (attribute(element, 'class') ?? '').split(/\s+/).includes(name);
}

/** What is read, with single spaces. */
export function textOf(node: Node): string {
  return rawText(node).replace(/\s+/g, ' ').trim();
}

function rawText(node: Node): string {
  if ('value' in node) return node.value;
  return 'childNodes' in node ? node.childNodes.map(rawText).join('') : '';
}

/** The one element that `accept` takes. */
export function only(elements: readonly Element[], accept: (element: Element) => boolean): Element {
  const [found, ...more] = elements.filter(accept);
  if (found === undefined || more.length > 0) {
    throw new Error(`Expected one element, found ${String(more.length + (found === undefined ? 0 : 1))}`);
  }
  return found;
}

/** Names of elements and attributes, as they are nested: what values must not change. */
export function shapeOf(node: Node): string {
  if (!('childNodes' in node)) return '';
  const inside = node.childNodes.map(shapeOf).join('');
  if (!('tagName' in node)) return inside;
  return `<${node.tagName} ${node.attrs.map(({ name }) => name).join(' ')}>${inside}</>`;
}

export function shapeOfPage(markup: string): string {
  return shapeOf(parse(markup));
}

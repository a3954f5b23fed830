import { describe, expect, it } from '@jest/globals';
import { PAGE_ASSETS } from '../../../../src/gateway/pages';

type Palette = ReadonlyMap<string, string>;

const css = PAGE_ASSETS.stylesheet.body;
const light = paletteOf(/^:root \{([^}]*)\}/m);
const dark = new Map([...light, ...paletteOf(/prefers-color-scheme: dark\) \{\s*:root \{([^}]*)\}/)]);

function paletteOf(block: RegExp): Palette {
  const [, declarations = ''] = block.exec(css) ?? [];
  return new Map(
    [...declarations.matchAll(/--([a-z-]+): (#[0-9a-f]{6});/g)].map(([, name = '', colour = '']) => [
      name,
      colour,
    ]),
  );
}

/** WCAG 2.2, relative luminance and contrast ratio. */
function contrast(a: string, b: string): number {
  const [lighter = 0, darker = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (lighter + 0.05) / (darker + 0.05);
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((start) => {
    const channel = parseInt(colour.slice(start, start + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

const GROUNDS = ['page', 'surface', 'sunken'];
const TONES = ['good', 'bad', 'active', 'undo', 'unsure', 'quiet', 'alarm'];

/** What is read, on what it is read on. */
const TEXT: readonly (readonly [string, string])[] = [
  ...GROUNDS.flatMap((ground) => ['ink', 'ink-quiet', 'link'].map((ink) => [ink, ground] as const)),
  ...TONES.flatMap((tone) => [[tone, `on-${tone}`] as const, ['ink', `on-${tone}`] as const]),
  ...TONES.map((tone) => [tone, 'surface'] as const),
  ['ink-quiet', 'on-active'],
  ['on-button', 'button'],
  ['on-alarm-solid', 'alarm-solid'],
];

/** What is seen and not read: bars, borders of fields, the ring of the focus. */
const DRAWN: readonly (readonly [string, string])[] = [
  ...['good-bar', 'bad-bar', 'active-bar', 'undo-bar', 'quiet-bar', 'edge', 'alarm-solid'].map(
    (colour) => [colour, 'surface'] as const,
  ),
  ['undo-bar', 'sunken'],
  ['undo-bar', 'on-undo'],
  ['active-bar', 'on-active'],
  ['bad-bar', 'on-bad'],
  ['link', 'page'],
];

describe.each([
  ['light', light],
  ['dark', dark],
])('the %s palette (WCAG AA)', (_, palette) => {
  const ratio = (ink: string, ground: string) => {
    const [a, b] = [palette.get(ink), palette.get(ground)];
    if (a === undefined || b === undefined) throw new Error(`No colour ${ink} or ${ground}`);
    return contrast(a, b);
  };

  it.each(TEXT)('lets %s be read on %s', (ink, ground) => {
    expect(ratio(ink, ground)).toBeGreaterThanOrEqual(4.5);
  });

  it.each(DRAWN)('lets %s be seen on %s', (colour, ground) => {
    expect(ratio(colour, ground)).toBeGreaterThanOrEqual(3);
  });
});

it('every colour has a dark counterpart, and every name that is used is declared', () => {
  const inDark = [...paletteOf(/prefers-color-scheme: dark\) \{\s*:root \{([^}]*)\}/).keys()];
  expect(inDark.sort()).toEqual([...light.keys()].sort());
  const declared = new Set([...css.matchAll(/--([a-z-]+):/g)].map(([, name]) => name));
  const used = [...css.matchAll(/var\(--([a-z-]+)/g)].map(([, name]) => name);
  expect(used.filter((name) => !declared.has(name))).toEqual([]);
});

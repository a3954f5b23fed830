import picocolors from 'picocolors';
import { describe, expect, it } from '@jest/globals';
import { fit, renderTable, wrap } from '../../../src/cli/table';

const plain = picocolors.createColors(false);
const coloured = picocolors.createColors(true);
const head = ['ORDER', 'WHY'];
const long = 'the payment provider refuses to refund this payment for good';

describe('a table', () => {
  it('puts columns under their titles', () => {
    const rows = [
      ['o-1', 'short'],
      ['order-22', ''],
    ];
    expect(renderTable(head, rows, { colours: plain })).toBe(
      ['ORDER     WHY', 'o-1       short', 'order-22'].join('\n'),
    );
  });

  it('is never wider than the terminal, and loses no word', () => {
    const text = renderTable(head, [['o-1', long]], { colours: plain, width: 30 });
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(30);
    expect(text.replace(/\s+/g, '')).toContain('refuses');
    expect(text.replace(/[\s]|ORDER|WHY|o-1/g, '')).toBe(long.replace(/\s/g, ''));
  });

  it('is not wrapped where nobody counts the columns', () => {
    expect(renderTable(head, [['o-1', long]], { colours: plain }).split('\n')).toHaveLength(2);
  });

  it('does not count colours as text', () => {
    const rows = [['o-1', { text: 'done', colour: coloured.green }]];
    const text = renderTable(head, rows, { colours: coloured, width: 20 });
    expect(text).toContain('\u001b[32mdone\u001b[39m');
  });

  it('colours every line of a wrapped cell', () => {
    const rows = [['o-1', { text: 'one two three', colour: coloured.red }]];
    const text = renderTable(['A', 'B'], rows, { colours: coloured, width: 14 });
    expect(text).toContain('\u001b[31mone two\u001b[39m');
    expect(text).toContain('\u001b[31mthree\u001b[39m');
  });

  it('aligns numbers to the right', () => {
    const rows = [
      ['a', '5'],
      ['b', '500'],
    ];
    expect(renderTable(['SKU', 'FREE'], rows, { colours: plain, numbers: [1] })).toBe(
      ['SKU  FREE', 'a       5', 'b     500'].join('\n'),
    );
  });

  it('lets no control character of a cell through', () => {
    expect(renderTable(['A'], [['x\u001b[2Jy']], { colours: plain })).toBe('A\nx [2Jy');
  });
});

describe('column widths', () => {
  it('stay as they are where there is room', () => {
    expect(fit([5, 10], 20)).toEqual([5, 10]);
  });

  it('are taken from the widest column', () => {
    expect(fit([5, 40], 30)).toEqual([5, 25]);
  });

  it('are not taken from a column that must stay whole', () => {
    expect(fit([40, 20], 50, [0])).toEqual([40, 10]);
    expect(fit([40, 5], 10, [0])).toEqual([40, 5]);
    expect(fit([40], 10, [0])).toEqual([40]);
  });

  it('stay readable on a terminal that is too narrow', () => {
    expect(fit([20, 20], 5)).toEqual([6, 6]);
  });
});

describe('a wrapped text', () => {
  it.each<[string, number, string[]]>([
    ['one two three', 7, ['one two', 'three']],
    ['one two three', 6, ['one', 'two', 'three']],
    ['unbreakable', 6, ['unbrea', 'kable']],
    ['fits', 6, ['fits']],
    ['', 6, ['']],
  ])('%j in %i', (text, width, lines) => {
    expect(wrap(text, width)).toEqual(lines);
  });
});

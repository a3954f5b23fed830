import { describe, expect, it } from '@jest/globals';
import { html } from '../../../../src/gateway/pages/html';

describe('the html tag', () => {
  it('escapes every character that could end a text or a quoted attribute', () => {
    expect(html`<a title="${`"><script>'&`}">${`<b>&amp;`}</a>`.toString()).toBe(
      '<a title="&quot;&gt;&lt;script&gt;&#39;&amp;">&lt;b&gt;&amp;amp;</a>',
    );
  });

  it('takes markup of its own as it is, also in lists', () => {
    const rows = ['<1>', '2'].map((row) => html`<b>${row}</b>`);
    expect(html`<p>${rows}</p>`.toString()).toBe('<p><b>&lt;1&gt;</b><b>2</b></p>');
  });

  it('writes nothing for what is not there, and zero for zero', () => {
    expect(html`[${undefined}${false}${0}${''}]`.toString()).toBe('[0]');
  });

  it('does not trust an object that only looks like markup', () => {
    const forged = { markup: '<script>', toString: () => '<script>' } as unknown as string;
    expect(() => html`${forged}`.toString()).toThrow();
  });
});

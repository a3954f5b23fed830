import { describe, expect, it } from '@jest/globals';
import {
  renderErrorPage,
  renderIndexPage,
  renderOrderMain,
  renderOrderPage,
} from '../../../../src/gateway/pages';
import { ORDER_MODELS, indexModel, orderModel, DECLINED } from './samples';
import type { Element } from './parsed';
import { attribute, elementsBelow, parseMain, parsePage, textOf } from './parsed';

const PAGES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    Object.entries(ORDER_MODELS).map(([name, model]) => [`order, ${name}`, renderOrderPage(model)]),
  ),
  index: renderIndexPage(indexModel()),
  'index, filtered and empty': renderIndexPage(
    indexModel({
      counts: {},
      filter: { status: 'failed', customerId: 'cus_1' },
      page: { orders: [], nextCursor: 'n' },
      cursor: 'c',
      attention: [],
    }),
  ),
  error: renderErrorPage({ status: 404, title: 'Not found', detail: 'There is no order o-1' }),
};

const LABELLED = new Set(['input', 'select', 'textarea']);

describe.each(Object.entries(PAGES))('the page: %s', (_, markup) => {
  const { errors, elements } = parsePage(markup);
  const named = (tag: string) => elements.filter(({ tagName }) => tagName === tag);
  const ids = elements.flatMap((element) => attribute(element, 'id') ?? []);

  it('is well-formed', () => {
    expect(errors).toEqual([]);
    expect(markup).toMatch(/^<!doctype html>/i);
  });

  it('obeys its content security policy: nothing inline, nothing from elsewhere', () => {
    const attributes = elements.flatMap(({ attrs }) => attrs);
    expect(attributes.filter(({ name }) => name === 'style' || /^on/i.test(name))).toEqual([]);
    expect([...named('style'), ...named('base'), ...named('iframe'), ...named('img')]).toEqual([]);
    for (const script of named('script')) {
      expect(attribute(script, 'src')).toMatch(/^\/assets\/page\.[0-9a-f]{12}\.js$/);
      expect(textOf(script)).toBe('');
    }
    const targets = ['href', 'src', 'action', 'formaction', 'data-events'];
    const addresses = attributes.filter(({ name }) => targets.includes(name)).map(({ value }) => value);
    expect(addresses.filter((address) => !/^(\/(?!\/)|#|data:image\/svg\+xml,)/.test(address))).toEqual([]);
  });

  it('has ids that are unique, and every id that is pointed to', () => {
    expect(ids).toEqual([...new Set(ids)]);
    const pointers = ['for', 'aria-labelledby', 'aria-describedby'];
    const wanted = elements
      .flatMap(({ attrs }) => attrs.filter(({ name }) => pointers.includes(name)))
      .flatMap(({ value }) => value.split(' '));
    expect(wanted.filter((id) => !ids.includes(id))).toEqual([]);
  });

  it('has one title, language, main, first heading, and no heading that skips a level', () => {
    expect(attribute(named('html')[0]!, 'lang')).toBe('en');
    expect(named('title').filter(({ namespaceURI }) => namespaceURI.includes('xhtml'))).toHaveLength(1);
    expect(named('main')).toHaveLength(1);
    const levels = elements
      .filter(({ tagName }) => /^h[1-6]$/.test(tagName))
      .map(({ tagName }) => Number(tagName[1]));
    expect(levels.filter((level) => level === 1)).toHaveLength(1);
    expect(levels[0]).toBe(1);
    expect(levels.filter((level, index) => level > (levels[index - 1] ?? 1) + 1)).toEqual([]);
  });

  it('labels every field, and names every button, table and picture', () => {
    const labels = named('label').map((label) => attribute(label, 'for'));
    const unlabelled = elements.filter(
      (element) =>
        LABELLED.has(element.tagName) &&
        attribute(element, 'type') !== 'hidden' &&
        !labels.includes(attribute(element, 'id')),
    );
    expect(unlabelled).toEqual([]);
    for (const button of named('button')) expect(textOf(button)).not.toBe('');
    for (const table of named('table')) {
      expect(elementsBelow(table).some(({ tagName }) => tagName === 'caption')).toBe(true);
    }
    for (const cell of named('th')) expect(attribute(cell, 'scope')).toMatch(/^(col|row)$/);
    for (const drawing of named('svg').filter(isOutermost)) {
      const isPicture = attribute(drawing, 'role') === 'img' && attribute(drawing, 'aria-labelledby');
      expect(Boolean(isPicture)).toBe(attribute(drawing, 'aria-hidden') !== 'true');
    }
  });

  it('starts with a link past the navigation', () => {
    const [first] = named('a');
    expect(attribute(first!, 'href')).toBe('#main');
    expect(attribute(named('main')[0]!, 'id')).toBe('main');
  });
});

function isOutermost({ parentNode }: Element): boolean {
  return parentNode !== null && 'namespaceURI' in parentNode && !parentNode.namespaceURI.endsWith('svg');
}

describe('the inside of main', () => {
  it.each(Object.entries(ORDER_MODELS))('is the same in the page and in an event: %s', (_, model) => {
    const main = renderOrderMain(model);
    expect(renderOrderPage(model)).toContain(`>${main}</main>`);
    expect(parseMain(main).errors).toEqual([]);
  });

  it('gives an id to whatever can have the focus, so that an update can keep it', () => {
    const many = Array.from({ length: 8 }, (_, index) => ({ sku: `SKU-${String(index)}`, quantity: 1 }));
    const models = [...Object.values(ORDER_MODELS), orderModel({ ...DECLINED, items: many })];
    const focusable = models
      .flatMap((model) => parseMain(renderOrderMain(model)).elements)
      .filter(({ tagName }) => ['a', 'button', 'input', 'select', 'summary', 'details'].includes(tagName))
      .filter((element) => attribute(element, 'type') !== 'hidden');
    expect(focusable.length).toBeGreaterThan(20);
    expect(focusable.filter((element) => attribute(element, 'id') === undefined)).toEqual([]);
  });
});

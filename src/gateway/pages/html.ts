const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Markup that is safe to send: only {@link html} makes it. */
export class Html {
  /** @internal */
  constructor(private readonly markup: string) {}

  toString(): string {
    return this.markup;
  }
}

/** What a template takes. Nothing is written for `undefined` and `false`. */
export type Content = Html | string | number | undefined | false | readonly Content[];

/**
 * Markup in which no value can become markup: whatever is put in is escaped, unless it is {@link Html} itself.
 * Attribute values must be quoted in the template.
 *
 * @example html`<a href="${path}">${name}</a>`
 */
export function html(template: TemplateStringsArray, ...values: readonly Content[]): Html {
  return new Html(template.reduce((markup, text, index) => markup + escaped(values[index - 1]) + text));
}

function escaped(content: Content): string {
  if (content === undefined || content === false) return '';
  if (content instanceof Html) return content.toString();
  if (typeof content === 'object') return content.map(escaped).join('');
  return String(content).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

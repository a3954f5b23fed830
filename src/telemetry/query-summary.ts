/** What may be said of a query: names and shape, no value. */
export interface QueryDescription {
  /** `INSERT reservations`: short, of few kinds, fit to name a span. */
  readonly summary: string;
  /** The first keyword, in capitals. */
  readonly operation: string;
  /** The table that it is about; absent where the text does not say it plainly. */
  readonly collection?: string;
  /** The parametrised text, with literals replaced by `?`. */
  readonly text: string;
  /** BEGIN, COMMIT, ROLLBACK, a savepoint. */
  readonly transactionControl: boolean;
}

const TRANSACTION_CONTROL: ReadonlySet<string> = new Set([
  'BEGIN',
  'START',
  'COMMIT',
  'ROLLBACK',
  'SAVEPOINT',
  'RELEASE',
  'END',
]);

const IDENTIFIER = '(?:"?[A-Za-z_][\\w$]*"?\\.)?"?([A-Za-z_][\\w$]*)"?';
const COLLECTION: Readonly<Record<string, RegExp>> = {
  SELECT: new RegExp(`\\bfrom\\s+${IDENTIFIER}`, 'i'),
  INSERT: new RegExp(`\\binto\\s+${IDENTIFIER}`, 'i'),
  REPLACE: new RegExp(`\\binto\\s+${IDENTIFIER}`, 'i'),
  UPDATE: new RegExp(`\\bupdate\\s+(?:or\\s+\\w+\\s+|only\\s+)?${IDENTIFIER}`, 'i'),
  DELETE: new RegExp(`\\bfrom\\s+(?:only\\s+)?${IDENTIFIER}`, 'i'),
};

/** Services have a few dozen texts; lists of values (`in (?, ?, …)`) make more. */
const MAX_REMEMBERED = 500;
const remembered = new Map<string, QueryDescription>();

/** Describes SQL by its text alone, so that raw and built queries read alike; repeated texts cost one lookup. */
export function describeQuery(sql: string): QueryDescription {
  let description = remembered.get(sql);
  if (description === undefined) {
    description = describe(sql);
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.set(sql, description);
  }
  return description;
}

function describe(sql: string): QueryDescription {
  const text = withoutLiterals(sql);
  const operation = operationOf(text);
  const collection = COLLECTION[operation]?.exec(text)?.[1];
  return {
    summary: collection === undefined ? operation : `${operation} ${collection}`,
    operation,
    ...(collection !== undefined && { collection }),
    text,
    transactionControl: TRANSACTION_CONTROL.has(operation),
  };
}

function operationOf(text: string): string {
  const first = /^[\s(]*([A-Za-z]+)/.exec(text)?.[1]?.toUpperCase() ?? 'QUERY';
  if (first !== 'WITH') return first;
  // A CTE is about what follows its last closing parenthesis.
  return (
    /\)\s*(select|insert|update|delete)\b(?!.*\)\s*(?:insert|update|delete)\b)/is
      .exec(text)?.[1]
      ?.toUpperCase() ?? first
  );
}

/** One token at a time: what is kept comes first, so that a quote in a name or a comment opens no string. */
const TOKEN = new RegExp(
  [
    /(?<comment>--[^\n]*|\/\*[\s\S]*?\*\/)/,
    /(?<kept>"(?:[^"]|"")*"|\$\d+|\?\d*)/,
    /(?<literal>\$(?<tag>[A-Za-z_]*)\$[\s\S]*?\$\k<tag>\$|[eE]'(?:\\.|''|[^'\\])*'|[xXbB]?'(?:''|[^'])*'|0[xX][\da-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)/,
    /(?<word>[A-Za-z_][\w$]*)/,
  ]
    .map((part) => part.source)
    .join('|'),
  'g',
);

/** Strings and numbers become `?`, comments go; names and the parameters `?` and `$1` stay. */
function withoutLiterals(sql: string): string {
  return sql
    .replace(TOKEN, (token, ...rest) => {
      const { comment, literal } = rest.at(-1) as Record<string, string | undefined>;
      if (comment !== undefined) return ' ';
      return literal === undefined ? token : '?';
    })
    .replace(/\s+/g, ' ')
    .trim();
}

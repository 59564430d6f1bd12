// Splits a Lua script into tokens. Knows what the scripts of the service use,
// and refuses the rest, so that nothing is silently taken for something else.

export interface Token {
  readonly kind: 'name' | 'number' | 'string' | 'symbol' | 'end';
  /** Of a string: its value. */
  readonly text: string;
  readonly line: number;
}

const TOKEN =
  /(\s+|--[^\n]*)|([A-Za-z_]\w*)|(\d+)|'([^'\\\n]*)'|"([^"\\\n]*)"|(\.\.|==|~=|<=|>=|[-+*/%#<>=(){}[\],.])/y;

/** @throws SyntaxError at what is not of the subset */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let line = 1;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < source.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(source);
    if (match === null) throw new SyntaxError(`line ${line}: cannot read ${JSON.stringify(source.slice(at, at + 20))}`);
    const [whole, space, name, number, single, double, symbol] = match;
    if (space !== undefined) line += whole.split('\n').length - 1;
    else if (name !== undefined) tokens.push({ kind: 'name', text: name, line });
    else if (number !== undefined) tokens.push({ kind: 'number', text: number, line });
    else if (symbol !== undefined) tokens.push({ kind: 'symbol', text: symbol, line });
    else tokens.push({ kind: 'string', text: single ?? double ?? '', line });
  }
  tokens.push({ kind: 'end', text: 'the end', line });
  return tokens;
}

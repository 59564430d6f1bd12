// Pieces of JavaScript that stand for Lua's expressions, and how they are put
// together.

/** An expression: `multi` ones are arrays of results, `bool` ones JavaScript booleans. */
export interface Code {
  readonly js: string;
  readonly kind: 'value' | 'bool' | 'multi';
  /** For what can be assigned to: its parts. */
  readonly index?: { readonly table: string; readonly key: string };
  /** For a path into the library, such as `string.match`. */
  readonly path?: string;
  readonly isCall?: true;
}

const MULTI = new Set(['string.match', 'pcall', 'unpack']);

export function single({ js, kind }: Code): string {
  return kind === 'multi' ? `${js}[0]` : js;
}

export function condition(code: Code): string {
  return code.kind === 'bool' ? code.js : `L.truth(${single(code)})`;
}

export function member(table: Code, name: string): Code {
  if (table.path !== undefined) return { js: `${table.js}.${name}`, kind: 'value', path: `${table.path}.${name}` };
  return element(table, JSON.stringify(name));
}

export function element(table: Code, key: string): Code {
  const index = { table: single(table), key };
  return { js: `L.get(${index.table}, ${key})`, kind: 'value', index };
}

export function called(callee: Code, args: string): Code {
  if (callee.path === 'redis.call') return { js: `call(${args})`, kind: 'value', isCall: true };
  // Of the library, all but a few return one value; of the script's own functions, none does.
  const isMulti = callee.path === undefined || MULTI.has(callee.path);
  return { js: `${single(callee)}(${args})`, kind: isMulti ? 'multi' : 'value', isCall: true };
}

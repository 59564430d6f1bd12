// What Lua's own operators and library do, as far as the scripts use them: 1
// is the first index, only nil and false are false, strings that look like
// numbers are numbers where one is needed. Tables are arrays, or what
// cjson.decode made of an object; nil is undefined.

export type LuaValue =
  string | number | boolean | undefined | readonly LuaValue[] | { readonly [key: string]: LuaValue };

/** For an error. */
function show(value: LuaValue): string {
  return value === undefined ? 'nil' : JSON.stringify(value);
}

function number(value: LuaValue): number {
  const result = typeof value === 'string' ? Number(value) : value;
  if (typeof result !== 'number' || Number.isNaN(result) || value === '') {
    throw new TypeError(`attempt to perform arithmetic on ${show(value)}`);
  }
  return result;
}

function text(value: LuaValue): string {
  if (typeof value === 'string') return value;
  // Lua prints 14 digits: a script that concatenates a greater number loses some.
  if (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 1e14) return String(value);
  throw new TypeError(`attempt to concatenate ${show(value)}`);
}

const patterns = new Map<string, RegExp>();

function toRegExp(pattern: string): RegExp {
  let regExp = patterns.get(pattern);
  if (regExp === undefined) {
    if (/[-*?[\]\\|{}]|%[^dS]/.test(pattern)) throw new TypeError(`pattern ${pattern} is not of the subset`);
    regExp = new RegExp(pattern.replaceAll('%', '\\'));
    patterns.set(pattern, regExp);
  }
  return regExp;
}

interface Parts {
  readonly texts: readonly string[];
  /** What stands between them. */
  readonly kinds: readonly string[];
}

const formats = new Map<string, Parts>();

function toParts(format: string): Parts {
  let parts = formats.get(format);
  if (parts === undefined) {
    const pieces = format.split(/%(\.0f|016d|s|.)/);
    parts = { texts: pieces.filter((_, i) => i % 2 === 0), kinds: pieces.filter((_, i) => i % 2 === 1) };
    formats.set(format, parts);
  }
  return parts;
}

function formatted(kind: string | undefined, value: LuaValue): string {
  if (kind === 's') return text(value);
  if (kind === '.0f') return number(value).toFixed(0);
  if (kind === '016d') return String(Math.trunc(number(value))).padStart(16, '0');
  throw new TypeError(`format %${kind} is not of the subset`);
}

export const library = {
  number,
  text,
  truth: (value: LuaValue): boolean => value !== undefined && value !== false,
  length: (value: LuaValue): number => {
    if (typeof value === 'string' || Array.isArray(value)) return value.length;
    throw new TypeError(`attempt to get the length of ${show(value)}`);
  },
  get: (table: LuaValue, key: string | number): LuaValue => {
    if (Array.isArray(table)) return (table as readonly LuaValue[])[number(key) - 1];
    if (typeof table === 'object') return (table as Readonly<Record<string, LuaValue>>)[key];
    throw new TypeError(`attempt to index ${show(table)} with ${key}`);
  },
  set: (table: LuaValue, key: number, value: LuaValue): void => {
    if (!Array.isArray(table)) throw new TypeError(`attempt to set an index of ${show(table)}`);
    table[key - 1] = value;
  },
  entries: (table: readonly LuaValue[]): [number, LuaValue][] => table.map((value, i) => [i + 1, value]),
  tonumber: (value: LuaValue): number | undefined => {
    const result = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    return typeof result === 'number' && !Number.isNaN(result) ? result : undefined;
  },
  tostring: (value: LuaValue): string =>
    value === undefined ? 'nil' : typeof value === 'boolean' ? `${value}` : text(value),
  type: (value: LuaValue): string => {
    if (value === undefined) return 'nil';
    return typeof value === 'object' ? 'table' : typeof value;
  },
  unpack: (table: readonly LuaValue[], from = 1): readonly LuaValue[] => table.slice(from - 1),
  pcall: (work: (...args: LuaValue[]) => LuaValue, ...args: LuaValue[]): LuaValue[] => {
    try {
      return [true, work(...args)];
    } catch (error) {
      return [false, String(error)];
    }
  },
  math: {
    max: (...numbers: LuaValue[]): number => Math.max(...numbers.map(number)),
    floor: (value: LuaValue): number => Math.floor(number(value)),
  },
  cjson: {
    decode: (json: LuaValue): LuaValue => {
      if (typeof json !== 'string') throw new TypeError(`cannot decode ${show(json)}`);
      return JSON.parse(json) as LuaValue;
    },
  },
  string: {
    sub: (value: string, from: number, to = value.length): string => value.slice(from - 1, to),
    match: (value: string, pattern: string): LuaValue[] => {
      const match = toRegExp(pattern).exec(value);
      return match === null ? [undefined] : match.slice(1);
    },
    format: (format: string, ...values: LuaValue[]): string => {
      const { texts, kinds } = toParts(format);
      let result = texts[0] ?? '';
      for (let i = 0; i < kinds.length; i += 1) result += formatted(kinds[i], values[i]) + (texts[i + 1] ?? '');
      return result;
    },
  },
} as const;

// Requests as a stranger may write them, made from a message's descriptor, so
// that a field which is added to a proto is covered without anybody thinking of
// it. They are bytes: what no encoder would write (a field twice, two members
// of a oneof, the wrong wire type, text that is not UTF-8) is in them too.

import fc from 'fast-check';
import protobuf from 'protobufjs';

export interface Taste {
  /** Strings that the field of a name takes; '' has those for every other field. */
  readonly words: Readonly<Record<string, readonly string[]>>;
  /** How many of 100 values are edges; 0: what a well-meaning caller could send. */
  readonly edges: number;
}

/** Deeper than any decoder must go; each level may be a message inside a message of its own type. */
const MAX_DEPTH = 6;

/** A value of a request's type, encoded. */
export function arbitraryMessage(type: protobuf.Type, taste: Taste): fc.Arbitrary<Uint8Array> {
  return message(type, taste, MAX_DEPTH);
}

/** Those, and what is no message of that type any more. */
export function arbitraryBytes(type: protobuf.Type, taste: Taste): fc.Arbitrary<Uint8Array> {
  const wellFormed = arbitraryMessage(type, taste);
  return fc.oneof(
    fc.tuple(wellFormed, fc.nat(100)).map(([bytes, share]) => bytes.subarray(0, (bytes.length * share) / 100)),
    fc.tuple(wellFormed, wrongWireType(type)).map(([bytes, more]) => Buffer.concat([bytes, more])),
    fc.tuple(wellFormed, unknownField()).map(([bytes, more]) => Buffer.concat([bytes, more])),
    fc.tuple(wellFormed, fc.nat(), fc.nat(255)).map(([bytes, at, value]) => overwrite(bytes, at, value)),
    fc.uint8Array({ maxLength: 64 }),
    chain(type),
  );
}

function message(type: protobuf.Type, taste: Taste, depth: number): fc.Arbitrary<Uint8Array> {
  const inner = (field: protobuf.Field): boolean => field.resolve().resolvedType instanceof protobuf.Type;
  const fields = type.fieldsArray.filter((field) => depth > 0 || !inner(field));
  const alone = fields.filter(({ partOf }) => partOf === null).map((field) => occurrences(field, taste, depth));
  const choices = type.oneofsArray.map((oneof) => {
    const members = fields.filter(({ partOf }) => partOf === oneof).map((field) => single(field, taste, depth));
    const [first = fc.constant(new Uint8Array()), ...others] = members;
    const most = taste.edges > 0 ? 2 : 1;
    return fc.array(fc.oneof(first, ...others), { minLength: 1, maxLength: most, size: 'small' });
  });
  return fc.tuple(...alone, ...choices).map((parts) => Buffer.concat(parts.flat()));
}

function single(field: protobuf.Field, taste: Taste, depth: number): fc.Arbitrary<Uint8Array> {
  return value(field, taste, depth).map(([wireType, bytes]) => tagged(field.id, wireType, bytes));
}

/** What a repetition makes at most: more than any limit on requests lets through whole. */
const HUGE_BYTES = 1_000_000;

/** A field left out, as it should be, or more often than it should be. */
function occurrences(field: protobuf.Field, taste: Taste, depth: number): fc.Arbitrary<Uint8Array[]> {
  const one = single(field, taste, depth);
  const isMany = field.repeated || field.map;
  // One value many times, since what is tried is how many there are.
  const huge = fc
    .tuple(one, fc.constantFrom(1000, 20_000))
    .map(([each, count]) => Array<Uint8Array>(Math.min(count, Math.floor(HUGE_BYTES / each.length))).fill(each));
  return fc.oneof(
    { weight: 70, arbitrary: fc.array(one, { minLength: isMany ? 0 : 1, maxLength: isMany ? 3 : 1 }) },
    { weight: taste.edges > 0 ? 20 : 8, arbitrary: fc.constant<Uint8Array[]>([]) },
    { weight: taste.edges > 0 ? 2 : 0, arbitrary: fc.array(one, { minLength: 2, maxLength: 2 }) },
    { weight: taste.edges > 0 && isMany && depth > MAX_DEPTH - 3 ? 1 : 0, arbitrary: huge },
  );
}

type Value = readonly [wireType: number, bytes: Uint8Array];

function value(field: protobuf.Field, taste: Taste, depth: number): fc.Arbitrary<Value> {
  if (field instanceof protobuf.MapField) {
    const key = new protobuf.Field('key', 1, field.keyType);
    const entry = new protobuf.Field('value', 2, field.type);
    entry.resolvedType = field.resolvedType;
    return fc
      .tuple(...[key, entry].map((part) => value(part, taste, depth - 1)))
      .map((parts) => delimited(Buffer.concat(parts.map(([wire, bytes], index) => tagged(index + 1, wire, bytes)))));
  }
  if (field.resolvedType instanceof protobuf.Type) {
    return message(field.resolvedType, taste, depth - 1).map(delimited);
  }
  if (field.resolvedType instanceof protobuf.Enum) {
    const known = Object.values(field.resolvedType.values);
    return usually(fc.constantFrom(...known), integers(), taste).map(varint);
  }
  switch (field.type) {
    case 'string':
      return usually(words(field, taste).map(text), edgeText(), taste).map(delimited);
    case 'bytes':
      return fc.uint8Array({ maxLength: 64 }).map(delimited);
    case 'bool':
      return usually(fc.constantFrom(0, 1), integers(), taste).map(varint);
    case 'double':
      return usually(fc.integer().map(Number), edgeNumbers(), taste).map((number) => [1, double(number)] as const);
    case 'int32':
    case 'int64':
    case 'uint32':
    case 'uint64':
      return usually(fc.integer({ min: 1, max: 1000 }), integers(), taste).map(varint);
    default:
      // As loud as it can be: a type that is not covered is a hole.
      throw new Error(`arbitrary-message.ts has no values for the type ${field.type} of ${field.fullName}`);
  }
}

function words({ name }: protobuf.Field, taste: Taste): fc.Arbitrary<string> {
  return fc.constantFrom(...(taste.words[name] ?? taste.words[''] ?? ['a']));
}

function usually<T>(usual: fc.Arbitrary<T>, edge: fc.Arbitrary<T>, { edges }: Taste): fc.Arbitrary<T> {
  if (edges === 0) return usual;
  return fc.oneof({ weight: 100 - edges, arbitrary: usual }, { weight: edges, arbitrary: edge });
}

/** 64 bits of it go on the wire; what is too much for a field's type is what it gets. */
function integers(): fc.Arbitrary<number | bigint> {
  return fc.constantFrom<number | bigint>(
    ...[0, 1, -1, 127, 128, 999_999_999, 1_000_000_000, -1_000_000_000, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), 2 ** 32],
    // The last of duration.proto and timestamp.proto, and the first beyond.
    ...[315_576_000_000, 315_576_000_001, -315_576_000_001, 253_402_300_799, 253_402_300_800, -62_135_596_801],
    ...[2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 64n - 1n],
  );
}

function edgeNumbers(): fc.Arbitrary<number> {
  return fc.constantFrom(NaN, Infinity, -Infinity, -0, 5e-324, 1.797e308, 2 ** 53 + 2, 0.1, 1e21);
}

/** As bytes, since not all of it is UTF-8. */
function edgeText(): fc.Arbitrary<Uint8Array> {
  const spelled = [
    ...['', ' ', '\0', 'a\0b', '\r\n', '\u001b[2J', '\u202e', '\ufeff', '\ufffd', '🦊', 'é', 'e\u0301', 'ａ', 'İ'],
    ...['../../etc/passwd', '/', '//', '.', '..', '-', '-a', 'a-', 'A', 'a_b', 'a.b', 'a:b', 'a/b', '*', '?', '[a]'],
    ...[
      '{a}',
      '}',
      '{',
      'a}{b',
      'pool:default',
      'x\ny',
      '%00',
      '%s',
      '${x}',
      '`id`',
      "'; --",
      '"',
      '\\',
      '1',
      '__proto__',
    ],
    ...['constructor', 'toString', 'hasOwnProperty', 'a='],
  ].map(text);
  const broken = [[0xed, 0xa0, 0x80], [0xc0, 0x80], [0xff], [0xf8, 0x88, 0x80, 0x80, 0x80], [0xe2, 0x82]];
  const long = [63, 64, 253, 254, 513, 2049].map((length) => text('a'.repeat(length)));
  return fc.oneof(
    fc.constantFrom(...spelled, ...broken.map((bytes) => Uint8Array.from(bytes)), ...long, text('ä'.repeat(70_000))),
    fc.string({ unit: 'binary', maxLength: 20 }).map(text),
    fc.uint8Array({ maxLength: 8 }),
  );
}

/** A field of the type, as a wire type that it does not have. */
function wrongWireType(type: protobuf.Type): fc.Arbitrary<Uint8Array> {
  const ids = type.fieldsArray.map(({ id }) => id);
  return fc
    .tuple(fc.constantFrom(...ids, 1), fc.nat(7), fc.uint8Array({ maxLength: 12 }))
    .map(([id, wireType, bytes]) => tagged(id, wireType, bytes));
}

/** With a group now and then, which proto3 does not have. */
function unknownField(): fc.Arbitrary<Uint8Array> {
  const id = fc.constantFrom(0, 15, 999, 19_000, 2 ** 29 - 1);
  return fc.oneof(
    fc.tuple(id, integers()).map(([at, number]) => tagged(at, ...varint(number))),
    fc.tuple(id, fc.uint8Array({ maxLength: 64 })).map(([at, bytes]) => tagged(at, ...delimited(bytes))),
    id.map((at) => Buffer.concat([tagged(at, 3, new Uint8Array()), tagged(at, 4, new Uint8Array())])),
    fc
      .constantFrom(50, 5000)
      .map((deep) => Buffer.concat(Array<Uint8Array>(deep).fill(tagged(99, 3, new Uint8Array())))),
  );
}

/** The fields on the way to a message that can hold itself, and round and round from there. */
function chain(type: protobuf.Type): fc.Arbitrary<Uint8Array> {
  const way = wayToRecursion(type, []);
  if (way === undefined) return fc.constant(new Uint8Array());
  const [into, round] = way;
  return fc.constantFrom(1, 5, 20, 21, 33, 49, 50, 99, 100, 101, 1000).map((times) => {
    let bytes: Uint8Array = new Uint8Array();
    for (let turn = 0; turn < times; turn++) bytes = wrap(round, bytes);
    return wrap(into, bytes);
  });
}

/** [the fields down to the first type that comes again, the fields from there to itself]; nothing where none does. */
function wayToRecursion(
  type: protobuf.Type,
  above: readonly (readonly [protobuf.Type, protobuf.Field])[],
): [protobuf.Field[], protobuf.Field[]] | undefined {
  const seenAt = above.findIndex(([seen]) => seen === type);
  const fields = above.map(([, field]) => field);
  if (seenAt >= 0) return [fields.slice(0, seenAt), fields.slice(seenAt)];
  for (const field of type.fieldsArray) {
    const inner = field.resolve().resolvedType;
    const found = inner instanceof protobuf.Type ? wayToRecursion(inner, [...above, [type, field]]) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

function wrap(fields: readonly protobuf.Field[], inner: Uint8Array): Uint8Array {
  let bytes = inner;
  for (const field of fields.toReversed()) {
    // The value of a map entry is its field 2.
    if (field.map) bytes = tagged(2, ...delimited(bytes));
    bytes = tagged(field.id, ...delimited(bytes));
  }
  return bytes;
}

function overwrite(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = Buffer.from(bytes);
  if (copy.length > 0) copy[at % copy.length] = value;
  return copy;
}

function tagged(id: number, wireType: number, bytes: Uint8Array): Uint8Array {
  const tag = protobuf.Writer.create()
    .uint32(((id << 3) | wireType) >>> 0)
    .finish();
  return Buffer.concat([tag, bytes]);
}

function delimited(bytes: Uint8Array): Value {
  const length = protobuf.Writer.create().uint32(bytes.length).finish();
  return [2, Buffer.concat([length, bytes])];
}

function varint(number: number | bigint): Value {
  let rest = BigInt.asUintN(64, BigInt(number));
  const bytes: number[] = [];
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return [0, Uint8Array.from([...bytes, Number(rest)])];
}

function double(number: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(number);
  return bytes;
}

function text(string: string): Uint8Array {
  return Buffer.from(string);
}

// google.protobuf.Struct to and from plain JSON. Guarantees: a JSON object
// survives the way there and back unchanged; what has been decoded is so flat
// that every message which has it inside can be decoded too.

import type { Struct, Struct__Output } from '../generated/google/protobuf/Struct.js';
import type { Value, Value__Output } from '../generated/google/protobuf/Value.js';

/** Throws a TypeError on what JSON has no form for: undefined, functions, numbers that are not finite. */
export function toStruct(object: Readonly<Record<string, unknown>>): Struct {
  // fromEntries, unlike assignment, keeps a key called __proto__ an ordinary one.
  return { fields: Object.fromEntries(Object.entries(object).map(([key, value]) => [key, toValue(value)])) };
}

function toValue(value: unknown): Value {
  switch (typeof value) {
    case 'string':
      return { stringValue: value };
    case 'boolean':
      return { boolValue: value };
    case 'number':
      if (Number.isFinite(value)) return { numberValue: value };
      break;
    case 'object':
      if (value === null) return { nullValue: 'NULL_VALUE' };
      if (Array.isArray(value)) return { listValue: { values: value.map(toValue) } };
      return { structValue: toStruct(value as Record<string, unknown>) };
    default:
  }
  throw new TypeError(`JSON has no form for ${String(value)}`);
}

/**
 * Objects and lists inside each other. Decoders of all languages stop at 100 messages, an object here makes three of
 * them, and events have an actor, and so a spec, some levels further down than the request that it came with.
 */
export const MAX_STRUCT_DEPTH = 20;

/**
 * Throws a TypeError that says what is wrong on NaN, infinities and values without a kind, which JSON has no form for,
 * on text that was not UTF-8, and past MAX_STRUCT_DEPTH.
 */
export function fromStruct(struct: Struct__Output, depth = 1): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(struct.fields).map(([key, value]) => [fromText(key), fromValue(value, depth)]),
  );
}

function fromValue(value: Value__Output, depth: number): unknown {
  if (depth > MAX_STRUCT_DEPTH) throw new TypeError('a value too deep inside others');
  switch (value.kind) {
    case 'nullValue':
      return null;
    case 'numberValue':
      if (!Number.isFinite(value.numberValue)) throw new TypeError(`the number ${String(value.numberValue)}`);
      return value.numberValue;
    case 'stringValue':
      return fromText(value.stringValue ?? '');
    case 'boolValue':
      return value.boolValue;
    case 'structValue':
      return value.structValue ? fromStruct(value.structValue, depth + 1) : {};
    case 'listValue':
      return (value.listValue?.values ?? []).map((each) => fromValue(each, depth + 1));
    default:
      throw new TypeError('a value that is unset');
  }
}

/** U+FFFD is what bytes that are not UTF-8 were decoded to: altered silently, so refused. */
function fromText(text: string): string {
  if (text.includes('\ufffd')) throw new TypeError('text that is not UTF-8');
  return text;
}

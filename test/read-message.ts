// A second reader of protobuf, for comparing what was stored with what was sent:
// the product's own would not notice what it loses itself. It reads only what is
// well-formed, and gives plain values without defaults, so that two messages
// that mean the same are equal. Bytes that are no text stay different from text.

import protobuf from 'protobufjs';

export type Plain = Readonly<Record<string, unknown>>;

/** A message in which two members of a oneof are set has no one meaning: encoders do not write it. */
export class Ambiguous extends Error {}

/** @throws Ambiguous, or whatever protobufjs's reader throws on bytes that are no message */
export function readMessage(type: protobuf.Type, bytes: Uint8Array): Plain {
  const reader = protobuf.Reader.create(bytes);
  const found = new Map<protobuf.Field, unknown[]>();
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    const field = type.fieldsById[tag >>> 3];
    if (field === undefined) reader.skipType(tag & 7);
    else found.set(field, [...(found.get(field) ?? []), readValue(reader, field.resolve())]);
  }
  const plain: Record<string, unknown> = {};
  const oneofs = new Set<unknown>();
  for (const [field, values] of found) {
    if (field.partOf !== null && oneofs.has(field.partOf)) throw new Ambiguous(field.fullName);
    if (field.partOf !== null) oneofs.add(field.partOf);
    if (field.map) plain[field.name] = [...new Map(values as [string, unknown][])].sort();
    else if (field.repeated) plain[field.name] = values;
    // Messages have presence, and so have the members of a oneof.
    else if (field.partOf !== null || !isDefault(values.at(-1))) plain[field.name] = values.at(-1);
  }
  return plain;
}

function isDefault(value: unknown): boolean {
  return value === '' || value === '0' || value === 0 || value === false;
}

function readValue(reader: protobuf.Reader, field: protobuf.Field): unknown {
  if (field instanceof protobuf.MapField) {
    const entry = protobuf.Reader.create(reader.bytes());
    let key = '';
    let value: unknown = '';
    while (entry.pos < entry.len) {
      if (entry.uint32() >>> 3 === 1) key = readText(entry);
      else value = field.resolvedType instanceof protobuf.Type ? readInner(entry, field.resolvedType) : readText(entry);
    }
    return [key, value];
  }
  if (field.resolvedType instanceof protobuf.Type) return readInner(reader, field.resolvedType);
  if (field.resolvedType instanceof protobuf.Enum) return reader.int32();
  switch (field.type) {
    case 'string':
      return readText(reader);
    case 'double':
      // 0 and -0 are the same number.
      return reader.double() + 0;
    case 'bool':
      return reader.bool();
    case 'int64':
      return toText(reader.int64());
    case 'uint64':
      return toText(reader.uint64());
    case 'int32':
      return reader.int32();
    default:
      throw new Error(`read-message.ts reads no ${field.type}, as ${field.fullName} is`);
  }
}

function readInner(reader: protobuf.Reader, type: protobuf.Type): Plain {
  return readMessage(type, reader.bytes());
}

function readText(reader: protobuf.Reader): string {
  const bytes = Buffer.from(reader.bytes());
  const text = bytes.toString('utf8');
  return Buffer.from(text).equals(bytes) ? text : `not UTF-8: ${bytes.toString('hex')}`;
}

function toText(number: number | protobuf.Long): string {
  // Without the library that it would be an object of, it is a number.
  return String(Number(number));
}

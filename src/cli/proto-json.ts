// Messages as protobuf's JSON has them, for `-o json`: names in camelCase, times
// in RFC 3339, durations as "1.5s", 64-bit numbers as strings, and no field that
// has its default. Guarantees: what it prints follows proto/, and so is as
// stable as that; a field that is added there appears by itself.

import type { Duration__Output } from '../generated/google/protobuf/Duration.js';
import type { Struct__Output } from '../generated/google/protobuf/Struct.js';
import type { Timestamp__Output } from '../generated/google/protobuf/Timestamp.js';
import { messageType } from '../rpc/proto.js';
import { fromStruct } from '../rpc/struct.js';

interface Field {
  readonly name: string;
  readonly label: string;
  readonly type: string;
  readonly typeName: string;
}

const PACKAGE = 'actorworkflow.v1.';

/** @param name of the message below actorworkflow.v1, such as `WorkflowEvent` */
export function toProtoJson(name: string, message: object): Record<string, unknown> {
  return convert(messageType(PACKAGE + name), message);
}

function convert(type: ReturnType<typeof messageType>, message: object): Record<string, unknown> {
  const { field: fields } = type.type as { readonly field: readonly Field[] };
  const json: Record<string, unknown> = {};
  for (const field of fields) {
    const value: unknown = Reflect.get(message, field.name);
    if (isDefault(value)) continue;
    // A map: its entries are a message of their own in the descriptor, and plain values here.
    const isMap = field.label === 'LABEL_REPEATED' && !Array.isArray(value);
    json[field.name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())] = isMap
      ? value
      : Array.isArray(value)
        ? value.map((each) => single(field, each))
        : single(field, value);
  }
  return json;
}

function isDefault(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === 0 || value === '0' || value === false)
    return true;
  if (typeof value === 'string') return value.endsWith('_UNSPECIFIED');
  return typeof value === 'object' && Object.keys(value).length === 0;
}

function single({ type, typeName }: Field, value: unknown): unknown {
  if (type !== 'TYPE_MESSAGE') return value;
  switch (typeName) {
    case 'google.protobuf.Timestamp':
      return timestamp(value as Timestamp__Output);
    case 'google.protobuf.Duration':
      return duration(value as Duration__Output);
    case 'google.protobuf.Struct':
      return fromStruct(value as Struct__Output);
    default:
      return convert(messageType(PACKAGE + typeName), value as object);
  }
}

function timestamp({ seconds, nanos }: Timestamp__Output): string {
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}${fraction(nanos)}Z`;
}

function duration({ seconds, nanos }: Duration__Output): string {
  return `${seconds}${fraction(nanos)}s`;
}

/** With 3, 6 or 9 digits, or none. */
function fraction(nanos: number): string {
  const digits = String(nanos).padStart(9, '0');
  return nanos === 0 ? '' : `.${digits.replace(/(?:000){1,2}$/, '')}`;
}

// Makes what two servers say comparable, although their clocks differ: fencing
// tokens and times in µs become the order in which they first appeared, times
// in ms become one word. Ordered maps and errors become plain values.

import { CoordinatorError } from '../../../src/errors.js';

export class Normalizer {
  readonly #seen = new Map<string, string>();

  of(value: unknown): unknown {
    switch (typeof value) {
      case 'number':
        return value > 1e11 ? this.#text(String(value)) : value;
      case 'string':
        return this.#text(value);
      case 'object':
        if (value === null) return null;
        if (Array.isArray(value)) return value.map((item) => this.of(item));
        if (value instanceof CoordinatorError) {
          const { reason, message, maybeDone, metadata } = value;
          return this.of({ error: reason, message, maybeDone, metadata });
        }
        // A bug: let it be seen.
        if (value instanceof Error) throw value;
        return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.#field(key, item)]));
      default:
        return value;
    }
  }

  #field(key: string, value: unknown): unknown {
    // What is left of a lease when somebody asks.
    if (key === 'expiresInMs' || key === 'expires_in_ms') return Number(value) > 0 ? 'some' : value;
    return this.of(value);
  }

  #text(text: string): string {
    return text
      .replace(/(?<!\d)1\d{15}(?:\.\d+)?(?!\d)/g, (digits) => {
        const known = this.#seen.get(digits) ?? `token ${this.#seen.size}`;
        this.#seen.set(digits, known);
        return known;
      })
      .replace(/(?<!\d)1\d{12}(?!\d)/g, 'time')
      .replace(/expires in \d+ ms/g, 'expires in some ms');
  }
}

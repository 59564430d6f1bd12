// Checks what a request says and gives it the domain's form. Guarantees: one
// error names every field that is wrong (up to 20), what it got and what would
// be right; nothing that the store or a runtime would choke on gets past. The
// parsers return a value even for wrong input, so that one pass finds all
// violations; `validate` throws before anybody sees such a value.

import { DEFAULT_POOL, isDnsLabel, type ActorRef, type WorkerRef } from '../actor/actor.js';
import { CoordinatorError, quote, type FieldViolation } from '../errors.js';
import type { ActorRef__Output } from '../generated/actorworkflow/v1/ActorRef.js';
import type { WorkerRef__Output } from '../generated/actorworkflow/v1/WorkerRef.js';

/** More help nobody, and 10,000 bad entries must not make 10,000 texts. */
const MAX_VIOLATIONS = 20;

export const DNS_LABEL_RULE = '1 to 63 characters of a-z, 0-9 and "-", neither first nor last a "-"';

export class Violations {
  readonly #found: FieldViolation[] = [];

  /** @param got quoted and cut; undefined reads as nothing. */
  add(field: string, got: unknown, expected: string): void {
    if (this.#found.length < MAX_VIOLATIONS) {
      this.#found.push({ field, description: `got ${quote(got)}; expected ${expected}` });
    }
  }

  /** @throws INVALID_ARGUMENT if anything was added */
  throwIfAny(): void {
    if (this.#found.length === 0) return;
    const text = this.#found.map(({ field, description }) => `${field}: ${description}`).join('; ');
    throw new CoordinatorError('INVALID_ARGUMENT', text, { violations: this.#found });
  }
}

/** @throws INVALID_ARGUMENT with everything that `parse` has added */
export function validate<T>(parse: (violations: Violations) => T): T {
  const violations = new Violations();
  const value = parse(violations);
  violations.throwIfAny();
  return value;
}

/** Bytes that are not UTF-8 have become U+FFFD by now, which is no part of a label either. */
export function dnsLabel(violations: Violations, field: string, got: string): string {
  if (!isDnsLabel(got)) violations.add(field, got === '' ? undefined : got, DNS_LABEL_RULE);
  return got;
}

export function actorRef(violations: Violations, field: string, got: ActorRef__Output | null): ActorRef {
  if (got === null) {
    violations.add(field, undefined, 'an ActorRef with namespace and name');
    return { namespace: '', name: '' };
  }
  return {
    namespace: dnsLabel(violations, `${field}.namespace`, got.namespace),
    name: dnsLabel(violations, `${field}.name`, got.name),
  };
}

export function pool(violations: Violations, field: string, got: string): string {
  return got === '' ? DEFAULT_POOL : dnsLabel(violations, field, got);
}

/** An empty pool is the default one. */
export function workerRef(violations: Violations, field: string, got: WorkerRef__Output | null): WorkerRef {
  if (got === null) {
    violations.add(field, undefined, 'a WorkerRef with pool and name');
    return { pool: '', name: '' };
  }
  return {
    pool: pool(violations, `${field}.pool`, got.pool),
    name: dnsLabel(violations, `${field}.name`, got.name),
  };
}

/** A uint64 that must fit a double: fencing tokens and sizes do, for the next centuries. */
export function safeInteger(violations: Violations, field: string, got: string): number {
  const value = Number(got);
  if (!Number.isSafeInteger(value)) violations.add(field, got, `at most ${String(Number.MAX_SAFE_INTEGER)}`);
  return value;
}

const NODE = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,251}[A-Za-z0-9])?$/;

/** A machine's name as machines have them: DNS names, but also what `hostname` says on laptops. */
export function nodeName(violations: Violations, field: string, got: string): string {
  if (!NODE.test(got)) {
    const rule = '1 to 253 letters, digits, "-", "_" and ".", the first and last a letter or digit';
    violations.add(field, got === '' ? undefined : got, rule);
  }
  return got;
}

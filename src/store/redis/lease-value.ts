// What stands in a lease's key: JSON that a person can read, in one fixed order
// so that it can be compared as a string. acquire.lua appends the fencing token.

import type { HeldLease } from '../workflow-store.js';

/** The value up to its fencing token; the workflow's id makes it one of a kind. */
export function leaseValueHead(lease: {
  readonly workflowId: string;
  readonly kind: string;
  readonly holder: string;
  readonly life: string;
  readonly acquireTimeMs: number;
}): string {
  const value = {
    workflow_id: lease.workflowId,
    kind: lease.kind,
    holder: lease.holder,
    life: lease.life,
    acquire_time_ms: lease.acquireTimeMs,
  };
  return `${JSON.stringify(value).slice(0, -1)},"fencing_token":`;
}

/** Who holds a lease. What was written by hand is nobody's, but held all the same. */
export function decodeHeldLease(value: string, expiresInMs: number): HeldLease {
  const facts = parse(value);
  const string = (name: string): string => (typeof facts[name] === 'string' ? facts[name] : '');
  const number = (name: string): number => (typeof facts[name] === 'number' ? facts[name] : 0);
  return {
    holder: string('holder'),
    workflowId: string('workflow_id'),
    kind: string('kind'),
    fencingToken: number('fencing_token'),
    acquireTimeMs: number('acquire_time_ms'),
    expiresInMs,
  };
}

function parse(value: string): Record<string, unknown> {
  try {
    const facts: unknown = JSON.parse(value);
    return typeof facts === 'object' && facts !== null ? (facts as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

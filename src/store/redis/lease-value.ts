// What stands in a lease's key: JSON that a person can read, in one fixed order
// so that it can be compared as a string. acquire.lua appends the fencing token.

import type { AcquireRequest, HeldLease } from '../workflow-store.js';

/** The value up to its fencing token; the workflow's id makes it one of a kind. */
export function leaseValueHead(request: AcquireRequest): string {
  const { workflowId, kind, holder } = request;
  return `${JSON.stringify({ workflow_id: workflowId, kind, holder }).slice(0, -1)},"fencing_token":`;
}

/** Who holds a lease. What was written by hand is nobody's, but held all the same. */
export function decodeHeldLease(value: string, expiresInMs: number): HeldLease {
  const facts = parse(value);
  const string = (name: string): string => (typeof facts[name] === 'string' ? facts[name] : '');
  return {
    holder: string('holder'),
    workflowId: string('workflow_id'),
    kind: string('kind'),
    fencingToken: typeof facts['fencing_token'] === 'number' ? facts['fencing_token'] : 0,
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

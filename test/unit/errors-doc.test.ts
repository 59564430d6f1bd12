// docs/errors.md says what the code does: every reason, its status, and whether
// it comes with a RetryInfo.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CoordinatorError, REASONS, type Reason } from '../../src/errors.js';
import { fromServiceError, toStatus } from '../../src/rpc/status.js';

const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');

const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '')))
  .map(([reason = '', status = '', retry = '', cause = '', remedy = '']) => ({
    reason: reason.replaceAll('`', ''),
    status,
    retry,
    cause,
    remedy,
  }));

/** What a caller of a plain error with this reason gets. */
function answer(reason: Reason): { readonly status: string; readonly retry: string } {
  const { code, details, metadata } = toStatus(new CoordinatorError(reason, 'why'));
  const status = fromServiceError(Object.assign(new Error(details), { code, details, metadata }));
  return { status: status.code, retry: status.details?.retryAfterMs === undefined ? 'no' : 'yes' };
}

describe('docs/errors.md', () => {
  it('explains each reason once, and no other', () => {
    expect(rows.map(({ reason }) => reason).sort()).toEqual([...REASONS].sort());
  });

  it.each(rows)(
    'tells the status of $reason, and whether it is worth repeating',
    ({ reason, status, retry, cause, remedy }) => {
      const actual = answer(reason as Reason);
      expect(status.endsWith('fits') ? 'INTERNAL' : status).toBe(actual.status);
      // The lease's own TTL comes with each LEASE_LOST, so it has no default.
      expect(retry).toBe(reason === 'LEASE_LOST' ? 'yes' : actual.retry);
      expect([cause, remedy].every((text) => text.length > 0)).toBe(true);
    },
  );
});

// Names one life of a replica: no other process has it, and of two lives of one
// replica the later has the greater name, so that what a killed life had sent
// and Redis reads late is not taken for its successor's. That order is as good
// as the machine's clock: where it was set back between two lives, the later
// one waits for the leases of the earlier to run out, instead of taking them
// back at once.

import { randomUUID } from 'node:crypto';

/** @param wallMs when the process has started, ms since 1970: 13 digits until the year 2286 */
export function newLife(wallMs: number): string {
  return `${wallMs}-${randomUUID()}`;
}

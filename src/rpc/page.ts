// Page sizes and page tokens. A token is opaque to callers: where the next page
// starts, bound to the listing that it came from. Guarantees: a token that is
// damaged, or comes from another namespace, pool or listing, is refused, never
// read as the start of some other page.

import { createHash } from 'node:crypto';
import { isDnsLabel } from '../actor/actor.js';
import type { Violations } from './validate.js';

const DEFAULT_PAGE_SIZE = 100;
const MAX_PAGE_SIZE = 1000;
/** Two labels, a version and a checksum; a longer one need not be decoded to be wrong. */
const MAX_TOKEN_LENGTH = 256;

export function pageSize(violations: Violations, field: string, got: number): number {
  if (got < 0 || got > MAX_PAGE_SIZE) {
    violations.add(field, got, `0 for ${String(DEFAULT_PAGE_SIZE)}, or 1 to ${String(MAX_PAGE_SIZE)}`);
  }
  return got === 0 ? DEFAULT_PAGE_SIZE : got;
}

/** @param listing what is listed, such as `actors/team-a` */
export function encodePageToken(listing: string, after: string): string {
  return Buffer.from(`1\n${checksum(listing, after)}\n${after}`).toString('base64url');
}

/** The name after which the page starts; empty for an empty token, which is the first page. */
export function pageToken(violations: Violations, field: string, listing: string, got: string): string {
  if (got === '') return '';
  const [, , after] = got.length > MAX_TOKEN_LENGTH ? [] : Buffer.from(got, 'base64url').toString('utf8').split('\n');
  // Encoding it again also catches the versions to come and base64 with bits or characters to spare.
  if (after === undefined || !isDnsLabel(after) || encodePageToken(listing, after) !== got) {
    violations.add(field, got, 'empty, or next_page_token of the page before, of the same listing');
    return '';
  }
  return after;
}

// Against accidents, not against forgers: a forged token shows nothing that a listing would not.
function checksum(listing: string, after: string): string {
  return createHash('sha256').update(`${listing}\n${after}`).digest('base64url').slice(0, 8);
}

// Finds what must never be in a history. A pure function: the same history has
// the same violations. Each rule is in the file that is named for what it looks
// at, and is tried in test/unit/history-checker.test.ts on a history that breaks
// it and on one that does not.

import type { History, Violation } from '../history.js';
import { checkAnswers } from './answers.js';
import { checkMemory } from './memory.js';
import { checkRest } from './rest.js';
import { checkRuntimes } from './runtimes.js';
import { checkSnapshots } from './snapshots.js';
import { checkStreams } from './streams.js';
import { checkTakeovers } from './takeovers.js';
import { checkWrites } from './writes.js';

export function check(history: History): readonly Violation[] {
  return [
    ...checkWrites(history),
    ...checkRuntimes(history),
    ...checkSnapshots(history),
    ...checkStreams(history),
    ...checkAnswers(history),
    ...checkTakeovers(history).violations,
    ...checkRest(history),
    ...checkMemory(history),
  ];
}

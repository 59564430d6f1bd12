// Calls of the store's ports, generated: over few actors, workers, workflows
// and tokens, so that they get into each other's way. What a call needs of an
// earlier one (a lease, a record, a claim) is for those to add who make it.

import fc from 'fast-check';
import type { ActorState } from '../../../src/actor/actor.js';

export const LONG_MS = 60_000;
/** Over at the next `pass`. */
export const SHORT_MS = 2;

const actor = fc.constantFrom('a', 'b');
const worker = fc.constantFrom('x', 'y', 'z');
const node = fc.constantFrom('m', 'n');
const workflow = fc.constantFrom('w1', 'w2', 'w3');
/** Which of the leases that were granted on the actor, the latest first. */
const lease = fc.constantFrom(0, 0, 0, 0, 1);
const flag = fc.boolean();
/** Not to wait; for long; or to be believed to be there for a moment only. */
const wait = fc.constantFrom('no', 'no', 'no', 'long', 'long', 'short');

const STEPS = [
  'beginResume',
  'beginResume',
  'beginResume',
  'finishResume',
  'finishResume',
  'finishResume',
  'beginSuspend',
  'finishSuspend',
  'beginPause',
  'finishPause',
  'rollBackResume',
  'rollBackCheckpoint',
  'abandonResume',
  'crash',
  'recordFailure',
  'beginRecovery',
] as const;

const any = fc.oneof(
  { weight: 2, arbitrary: fc.record({ op: fc.constant('create'), actor }) },
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constant('register'),
      worker,
      node,
      ttl: fc.constantFrom(0, 0, 0, LONG_MS, SHORT_MS),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      op: fc.constant('acquire'),
      actor,
      workflow,
      wait,
      holder: fc.constantFrom('r1', 'r1', 'r2'),
      life: fc.constantFrom('l1', 'l1', 'l2'),
      ttl: fc.constantFrom(LONG_MS, LONG_MS, LONG_MS, SHORT_MS),
      idle: fc.constantFrom(undefined, 'RUNNING' as ActorState),
      overtakes: fc.constantFrom(false, false, false, true),
    }),
  },
  {
    weight: 12,
    arbitrary: fc.record({
      op: fc.constant('transition'),
      actor,
      lease,
      workflow,
      step: fc.constantFrom(...STEPS),
      boot: flag,
      release: fc.constantFrom(false, false, true),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ op: fc.constant('claim'), actor, lease, wait, node: fc.option(node, { nil: undefined }) }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('resume'), actor, workflow }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('queue'), actor, workflow }) },
  { weight: 4, arbitrary: fc.record({ op: fc.constant('free'), actor, lease }) },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant('renew'),
      actor,
      lease,
      late: fc.constantFrom(false, false, true),
      ttl: fc.constantFrom(LONG_MS, SHORT_MS),
    }),
  },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('release'), actor, lease }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('leaveLeaseQueue'), actor, workflow }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('leaveWorkerQueue'), actor }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('forceRelease'), actor }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('delete'), actor, lease }) },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant('deregister'),
      worker,
      force: flag,
      expired: fc.constantFrom(false, false, true),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('freeClaims') }) },
  {
    weight: 1,
    arbitrary: fc.record({ op: fc.constant('plainAcquire'), workflow, ttl: fc.constantFrom(LONG_MS, SHORT_MS) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constant('append'),
      actor,
      lease,
      workflow,
      sequence: fc.integer({ min: 1, max: 5 }),
      count: fc.constantFrom<number>(1, 1, 3),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ op: fc.constant('readEvents'), actor, workflow, after: fc.integer({ min: 0, max: 3 }) }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('look'), actor }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('lists'), node }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('pass') }) },
);

/** Without these, most of what follows would find nothing. */
const before: readonly Operation[] = [
  { op: 'create', actor: 'a' },
  { op: 'create', actor: 'b' },
  { op: 'register', worker: 'x', node: 'm', ttl: 0 },
];

export const sequence = fc.array(any, { minLength: 40, maxLength: 120 }).map((more) => [...before, ...more]);

type ValueOf<T> = T extends fc.Arbitrary<infer Value> ? Value : never;
export type Operation = ValueOf<typeof any>;

export function isShort(each: Operation): boolean {
  return ('ttl' in each && each.ttl === SHORT_MS) || ('wait' in each && each.wait === 'short');
}

// The lease in the replica: who believes in it, until when, and who renews it.

import type { Mutation } from './mutation.js';

export const leaseMutations: readonly Mutation[] = [
  {
    name: 'expiry-from-acquire-request',
    mechanism: 'a new lease is held from before it was asked for, not from when the answer came',
    promises: 'P1',
    replace: {
      'lease/lease.ts': [['this.#confirmedAtMs = grant.requestedAtMs', 'this.#confirmedAtMs = grant.answeredAtMs']],
    },
    noticedBy: { 'unit/lease': 'is held from before it was asked for' },
  },
  {
    name: 'expiry-from-renewal-request',
    mechanism: 'a renewed lease is held from before its renewal was sent, not from when the answer came',
    promises: 'P1',
    replace: { 'lease/heartbeat.ts': [['lease.confirm(sentAtMs, ', 'lease.confirm(nowMs, ']] },
    noticedBy: { 'unit/heartbeat': 'counts a lease from before its renewal was sent' },
  },
  {
    name: 'drift-margin',
    mechanism: 'a lease is held for less time than Redis keeps it',
    promises: 'P1',
    replace: { 'lease/lease.ts': [[' - this.#timings.driftMarginMs', '']] },
    noticedBy: { 'unit/heartbeat': 'declares a lease lost before the store lets it expire' },
  },
  {
    name: 'expiry-wake',
    mechanism: 'the heartbeat wakes for the expiry of a lease, whatever its renewals do',
    promises: 'P1',
    replace: { 'lease/heartbeat.ts': [['nextMs = Math.min(nextMs, lease.heldUntilMs);', '']] },
    noticedBy: { 'unit/heartbeat': 'declares a lease lost before the store lets it expire' },
  },
  {
    name: 'clock-check',
    mechanism: 'a lease is checked against the clock before it is relied on, not only by a timer',
    promises: 'P1',
    replace: {
      'lease/lease.ts': [
        ['if (!this.#lost.signal.aborted && this.#clock.nowMs() >= this.heldUntilMs) {', 'if (false) {'],
      ],
    },
    noticedBy: { 'unit/heartbeat': 'ends a process that was stopped past the TTL before it writes' },
  },
  {
    name: 'lost-stays-lost',
    mechanism: 'what is guarded by a lease that was lost throws',
    promises: 'P1',
    replace: { 'lease/lease.ts': [['this.#lost.signal.throwIfAborted();', '']] },
    noticedBy: { 'unit/lease': 'that was lost is not held any more' },
  },
  {
    name: 'late-answer',
    mechanism: 'an answer that comes after the lease was given up proves nothing',
    promises: 'P1',
    replace: {
      'lease/heartbeat.ts': [
        ['if (nowMs >= lease.heldUntilMs) {\n      // The timer is late', 'if (false) {\n      // The timer is late'],
      ],
    },
    noticedBy: { 'unit/heartbeat': 'does not take an answer for proof that came after the lease was given up' },
  },
  {
    name: 'lost-at-once',
    mechanism: 'a lease that is another one in Redis is lost at once',
    promises: 'P1',
    replace: {
      'lease/heartbeat.ts': [["case 'lost':\n", "case 'lost':\n        entry.renewAtMs = Infinity;\n        break;\n"]],
    },
    noticedBy: { 'unit/heartbeat': 'says that a lease is lost when the store says that it is another one' },
  },
  {
    name: 'broken-at-once',
    mechanism: 'a lease that was broken by force is lost at once, with the reason',
    promises: 'P4',
    replace: {
      'lease/heartbeat.ts': [['lease.lose(`it was broken by force: ${result.reason}`,', "lease.lose('it is gone',"]],
    },
    noticedBy: { 'unit/heartbeat': 'says why a lease was broken by force' },
  },
  {
    name: 'renew-deadline',
    mechanism: 'renewals that fail until the renew deadline lose the lease',
    promises: 'P1',
    replace: {
      'lease/heartbeat.ts': [['if (nowMs - lease.confirmedAtMs >= this.#timings.renewDeadlineMs) {', 'if (false) {']],
    },
    noticedBy: { 'unit/heartbeat': 'by default loses the lease at the first renewal that fails' },
  },
  {
    name: 'renew-retry',
    mechanism: 'a renewal that failed is repeated until the renew deadline',
    promises: 'P2',
    replace: {
      'lease/heartbeat.ts': [['if (nowMs - lease.confirmedAtMs >= this.#timings.renewDeadlineMs) {', 'if (true) {']],
    },
    noticedBy: { 'unit/heartbeat': 'retries failed renewals until the renew deadline' },
  },
  {
    name: 'renew-retry-delay',
    mechanism: 'a renewal that failed is not repeated at once',
    promises: 'P7',
    replace: { 'lease/heartbeat.ts': [['entry.renewAtMs = nowMs + this.#retryMs;', 'entry.renewAtMs = nowMs + 1;']] },
    noticedBy: { 'unit/heartbeat': 'retries failed renewals until the renew deadline' },
  },
  {
    name: 'renewal-interval',
    mechanism: 'a lease is renewed again and again while its workflow runs',
    promises: 'P2',
    replace: {
      'lease/heartbeat.ts': [
        ['entry.renewAtMs = sentAtMs + this.#timings.renewIntervalMs;', 'entry.renewAtMs = Infinity;'],
      ],
    },
    noticedBy: { 'unit/heartbeat': 'renews a lease every third of its TTL' },
  },
  {
    name: 'sooner-wake',
    mechanism: 'the one timer is not put off by a lease that is due later',
    promises: 'P1 P2',
    replace: { 'lease/heartbeat.ts': [['if (atMs >= this.#wakeAtMs) return;', '']] },
    noticedBy: { 'unit/heartbeat': 'renews each when it is due, whichever came last' },
  },
  {
    name: 'renewal-batch',
    mechanism: 'leases that are due together are renewed together',
    promises: 'P7',
    replace: { 'lease/heartbeat.ts': [['this.#batchMs = timings.renewIntervalMs / 10;', 'this.#batchMs = 0;']] },
    noticedBy: { 'unit/heartbeat': 'renews in one batch what is due about now' },
  },
  {
    name: 'batch-bound',
    mechanism: 'a batch of renewals is bounded',
    promises: 'P7',
    replace: { 'lease/heartbeat.ts': [['const MAX_BATCH = 1000;', 'const MAX_BATCH = 1e9;']] },
    noticedBy: { 'unit/heartbeat': 'renews no more than 1,000 leases in one batch' },
  },
  {
    name: 'one-renewal-in-flight',
    mechanism: 'a lease is not renewed while a renewal of it is in flight',
    promises: 'P7',
    replace: { 'lease/heartbeat.ts': [['if (entry.inFlight !== undefined) continue;', '']] },
    noticedBy: { 'unit/heartbeat': 'has one renewal of a lease in flight at most' },
  },
  {
    name: 'look-again',
    mechanism: 'a look that was asked for while a renewal was in flight is made after it',
    promises: 'P4',
    replace: { 'lease/heartbeat.ts': [['if (entry.soon) entry.renewAtMs = nowMs;', '']] },
    noticedBy: { 'unit/heartbeat': 'renews at once when it is told to look, also while a renewal is in flight' },
  },
  {
    name: 'renewal-not-after',
    mechanism: 'a renewal carries the time after which its sender has given it up',
    promises: 'P1 P3',
    replace: {
      'lease/heartbeat.ts': [
        ['lease.toServerTimeUs(Math.min(giveUpAtMs, lease.heldUntilMs))', 'Number.MAX_SAFE_INTEGER'],
      ],
    },
    noticedBy: { 'unit/heartbeat': 'gives each renewal a deadline in the time of the store' },
  },
  {
    name: 'renewal-not-after-expiry',
    mechanism: 'no renewal is carried out after the lease was given up by the clock',
    promises: 'P3',
    replace: { 'lease/heartbeat.ts': [['Math.min(giveUpAtMs, lease.heldUntilMs)', 'giveUpAtMs']] },
    noticedBy: { 'unit/heartbeat': 'lets no renewal be carried out after the lease was given up' },
  },
  {
    name: 'server-time-from-answer',
    mechanism: "the store's time is taken to be no later than it can be: from when its answer came",
    promises: 'P3',
    replace: {
      'lease/lease.ts': [
        ['this.#serverTimeReadAtMs = grant.answeredAtMs', 'this.#serverTimeReadAtMs = grant.requestedAtMs'],
      ],
    },
    noticedBy: { 'unit/lease': 'never takes the store to be further than it is' },
  },
  {
    name: 'server-time-corrected',
    mechanism: "a renewal that came too late corrects the guess of the store's time",
    promises: 'P2',
    replace: { 'lease/heartbeat.ts': [['lease.syncServerTime(result.serverTimeUs);', '']] },
    noticedBy: { 'unit/heartbeat': 'renews again at once what the store took to be late' },
  },
  {
    name: 'release-after-renewal',
    mechanism: 'a lease is released only when no renewal of it is in flight',
    promises: 'P3',
    replace: { 'lease/lease.ts': [['await this.stopRenewing();\n', '']] },
    noticedBy: { 'unit/heartbeat': 'releases only after a renewal in flight has been answered' },
  },
  {
    name: 'stop-stays-stopped',
    mechanism: 'a renewal that is answered after renewing was stopped does not start it again',
    promises: 'P3',
    replace: { 'lease/heartbeat.ts': [['const stopped = entry.renewAtMs === Infinity;', 'const stopped = false;']] },
    noticedBy: { 'unit/heartbeat': 'renews no more once it was told to stop' },
  },
  {
    name: 'watched-while-stopped',
    mechanism: 'a lease that is renewed no more is still watched for its expiry',
    promises: 'P1',
    replace: { 'lease/heartbeat.ts': [['entry.renewAtMs = Infinity;\n    await', 'this.forget(lease);\n    await']] },
    noticedBy: { 'unit/heartbeat': 'renews no more once it was told to stop' },
  },
  {
    name: 'forget-disarms',
    mechanism: 'no timer is left when no lease is',
    promises: 'P7',
    replace: { 'lease/heartbeat.ts': [['if (this.#entries.size === 0) this.#disarm();', '']] },
    noticedBy: { 'unit/heartbeat': 'renews a lease every third of its TTL' },
  },
  {
    name: 'lost-is-forgotten',
    mechanism: 'a lease that was lost is renewed no more',
    promises: 'P3',
    replace: {
      'lease/lease.ts': [
        [
          'if (this.#lost.signal.aborted) return;\n    this.#heartbeat.forget(this);',
          'if (this.#lost.signal.aborted) return;',
        ],
      ],
    },
    noticedBy: { 'unit/heartbeat': 'says that a lease is lost when the store says that it is another one' },
  },
  {
    name: 'interval-within-ttl',
    mechanism: 'timings in which a late renewal would cost the lease are refused',
    promises: 'P2',
    replace: { 'lease/timings.ts': [['renewIntervalMs <= ttlMs / 2', 'renewIntervalMs <= ttlMs']] },
    noticedBy: { 'unit/heartbeat': 'that cannot work together are refused' },
  },
  {
    name: 'deadline-within-ttl',
    mechanism: 'a renew deadline beyond the time for which a lease is held is refused',
    promises: 'P1',
    replace: { 'lease/timings.ts': [[' && renewDeadlineMs < trustedMs', '']] },
    noticedBy: { 'unit/heartbeat': 'that cannot work together are refused' },
  },
  {
    name: 'timer-not-early',
    mechanism: 'no timer fires before its time',
    promises: 'P4',
    replace: { 'clock.ts': [['Math.ceil(delayMs)', 'delayMs']] },
    noticedBy: { 'unit/clock': 'fires no sooner than it was asked to' },
  },
  {
    name: 'timer-clamp',
    mechanism: 'a timer for more than 24 days does not fire at once',
    promises: 'P2',
    replace: { 'clock.ts': [['Math.min(Math.ceil(delayMs), MAX_TIMER_MS)', 'Math.ceil(delayMs)']] },
    noticedBy: { 'unit/clock': 'does not fire at once for being set too far ahead' },
  },
];

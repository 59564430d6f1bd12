// The lease in Redis: the scripts that grant, renew, release and break it, and
// the queue for it.

import type { Mutation } from './mutation.js';

const acquire = 'store/redis/acquire.lua';
const plain = 'store/redis/acquire_plain.lua';
const renew = 'store/redis/renew.lua';
const release = 'store/redis/release.lua';
const force = 'store/redis/force_release.lua';
const queue = 'store/redis/queue.lua';
const store = 'integration/workflow-store';
const more = 'integration/lease-scripts';

export const leaseScriptMutations: readonly Mutation[] = [
  {
    name: 'acquire-held',
    mechanism: 'acquire leaves a lease alone that another life holds',
    promises: 'P1',
    replace: { [acquire]: [['if value then\n  local decoded', 'if false then\n  local decoded']] },
    noticedBy: { [store]: 'says who holds the lease and for how much longer' },
  },
  {
    name: 'acquire-own-life',
    mechanism: 'a replica does not take back a lease of its own life, under which a workflow of its runs',
    promises: 'P1',
    replace: { [acquire]: [['\n    and lease.life < ARGV[5]', '']] },
    noticedBy: { [store]: 'says who holds the lease and for how much longer' },
  },
  {
    name: 'acquire-other-holder',
    mechanism: 'a replica takes back leases of its own name alone',
    promises: 'P1',
    replace: { [acquire]: [['lease.holder == ARGV[4] and ', '']] },
    noticedBy: { [more]: 'holds off another replica' },
  },
  {
    name: 'acquire-former-life',
    mechanism: 'a replica that was restarted takes back at once what its former life has left',
    promises: 'P3',
    replace: { [acquire]: [['if not mine then', 'if true then']] },
    noticedBy: { [store]: 'does not hold up a replica that was restarted' },
  },
  {
    name: 'acquire-later-life',
    mechanism: 'what a killed life has sent takes no lease from the life that followed',
    promises: 'P1 P2',
    replace: { [acquire]: [['lease.life < ARGV[5]', 'lease.life ~= ARGV[5]']] },
    noticedBy: { [store]: 'does not take a lease from the life that followed' },
  },
  {
    name: 'acquire-expiry-of-foreign',
    mechanism: 'what stands in the place of a lease without an expiry is given one',
    promises: 'P5',
    replace: { [acquire]: [["redis.call('PEXPIRE', KEYS[2], ARGV[1])", '']] },
    noticedBy: { [store]: 'gives an expiry to a key that was written by hand' },
  },
  {
    name: 'acquire-idle',
    mechanism: 'an actor in the state that is wanted needs no lease',
    promises: 'P4',
    replace: { [acquire]: [['if state == ARGV[3] then', 'if false then']] },
    noticedBy: { [store]: 'takes no lease where the actor is in the idle state already' },
  },
  {
    name: 'acquire-idle-passes-turn',
    mechanism: 'a waiter that finds nothing to do passes its turn on',
    promises: 'P5',
    replace: {
      [acquire]: [['if leave(KEYS[3], KEYS[4], ARGV[6]) and not value then wake_first(KEYS[3], KEYS[4], now) end', '']],
    },
    noticedBy: { [more]: 'is passed on by a waiter that finds nothing to do' },
  },
  {
    name: 'acquire-expires',
    mechanism: 'a lease expires by itself, when its holder has died',
    promises: 'P3',
    replace: { [acquire]: [[", 'PX', ARGV[1])", ')']] },
    noticedBy: { [store]: 'grants the lease and returns the record in one call' },
  },
  {
    name: 'token-rises',
    mechanism: 'a token is greater than the last one, however the clock of Redis was set',
    promises: 'P1',
    replace: {
      [acquire]: [["math.max((tonumber(redis.call('HGET', KEYS[1], 'fencing_token')) or 0) + 1, now)", 'now']],
    },
    noticedBy: { [store]: 'gives each lease a greater token' },
  },
  {
    name: 'token-stored',
    mechanism: 'the last token is kept with the actor',
    promises: 'P1',
    replace: { [acquire]: [["redis.call('HSET', KEYS[1], 'fencing_token', token)\n", '']] },
    noticedBy: { [more]: 'also where the clock of Redis was set back' },
  },
  {
    name: 'token-floor',
    mechanism: 'a token is no smaller than the time, so that none is repeated which a failover forgot',
    promises: 'P1',
    replace: { [acquire]: [[' + 1, now)', ' + 1, 0)']] },
    noticedBy: { [store]: 'gives a token no smaller than the time in µs' },
  },
  {
    name: 'plain-held',
    mechanism: 'a lease on no actor is left alone while another replica holds it',
    promises: 'P5',
    replace: { [plain]: [['if value then return', 'if false then return']] },
    noticedBy: { [more]: 'on no actor has one holder at a time, and tokens that rise' },
  },
  {
    name: 'plain-token-rises',
    mechanism: 'the tokens of a lease on no actor rise',
    promises: 'P1',
    replace: { [plain]: [["(tonumber(redis.call('GET', KEYS[2])) or 0) + 1", '0']] },
    noticedBy: { [more]: 'on no actor has one holder at a time, and tokens that rise' },
  },
  {
    name: 'plain-token-floor',
    mechanism: 'the tokens of a lease on no actor are no smaller than the time',
    promises: 'P1',
    replace: { [plain]: [[' + 1, now))', ' + 1, 0))']] },
    noticedBy: { [more]: 'on no actor has one holder at a time, and tokens that rise' },
  },
  {
    name: 'renew-compare',
    mechanism: 'renew extends no lease but the one that it was given',
    promises: 'P1',
    replace: { [renew]: [['if value ~= ARGV[1] then', 'if not value then']] },
    noticedBy: { [store]: 'extend and delete only the lease that they were given' },
  },
  {
    name: 'renew-not-after',
    mechanism: 'a renewal that Redis reads late refuses itself',
    promises: 'P3',
    replace: { [renew]: [['if now > tonumber(ARGV[3]) then', 'if false then']] },
    noticedBy: { [store]: 'a renewal that comes after its deadline refuses itself' },
  },
  {
    name: 'renew-says-broken',
    mechanism: 'the holder of a lease that was broken by force is told why',
    promises: 'P4',
    replace: { [renew]: [['if broken and string', 'if false and string']] },
    noticedBy: { [store]: 'tells the holder of a lease that was broken by force why' },
  },
  {
    name: 'renew-broken-whose',
    mechanism: 'nobody but the holder of a broken lease is told that it was broken',
    promises: 'P4',
    replace: { [renew]: [[' and string.sub(broken, 1, #ARGV[1]) == ARGV[1]', '']] },
    noticedBy: { [more]: 'tells its holder why, and nobody else that it was' },
  },
  {
    name: 'release-compare',
    mechanism: 'release deletes no lease but the one that it was given',
    promises: 'P1',
    replace: { [release]: [['string.sub(value, 1, #ARGV[1]) == ARGV[1]', 'true']] },
    noticedBy: { [store]: 'extend and delete only the lease that they were given' },
  },
  {
    name: 'release-wakes',
    mechanism: 'whoever is first in the queue is woken by a release',
    promises: 'P5',
    replace: { [release]: [['if mine or not value then wake_first', 'if false then wake_first']] },
    noticedBy: { [store]: 'is served in order, and a release wakes whoever is first' },
  },
  {
    name: 'release-leaves',
    mechanism: 'whoever gives up waiting leaves the queue',
    promises: 'P5',
    replace: { [release]: [['leave(KEYS[2], KEYS[3], ARGV[2])\n', '']] },
    noticedBy: { [more]: 'is left by whoever gives up' },
  },
  {
    name: 'queue-order',
    mechanism: 'those that wait for a lease are served in the order in which they came',
    promises: 'P5',
    replace: { [acquire]: [["if first and first ~= ARGV[6] and ARGV[9] == '' then", 'if false then']] },
    noticedBy: { [store]: 'is served in order, and a release wakes whoever is first' },
  },
  {
    name: 'queue-overtake',
    mechanism: 'a deletion by force goes before those that wait',
    promises: 'P5',
    replace: { [acquire]: [[" and ARGV[9] == '' then", ' then']] },
    noticedBy: { [more]: 'is overtaken by a deletion by force' },
  },
  {
    name: 'queue-woken-by-takeover',
    mechanism: 'those that wait are told when a replica takes back a lease of its former life',
    promises: 'P5',
    replace: { [acquire]: [['if value then wake_first', 'if false then wake_first']] },
    noticedBy: { [more]: 'is told when a replica takes back a lease of its former life' },
  },
  {
    name: 'queue-left-by-grant',
    mechanism: 'whoever is granted the lease leaves the queue',
    promises: 'P5',
    replace: { [acquire]: [['if first then leave', 'if false then leave']] },
    noticedBy: { [more]: 'is left by whoever is granted the lease' },
  },
  {
    name: 'queue-lifetime',
    mechanism: 'a waiter that asks no more is passed over',
    promises: 'P5',
    replace: { [queue]: [['if expires and tonumber(expires) >= now then', 'if expires then']] },
    noticedBy: { [store]: 'passes over a waiter that has left, and over one that asks no more' },
  },
  {
    name: 'queue-keeps-place',
    mechanism: 'whoever asks again keeps its place',
    promises: 'P5',
    replace: { [queue]: [["'NX', ", '']] },
    noticedBy: { [more]: 'keeps the place of one that asks again' },
  },
  {
    name: 'queue-ends',
    mechanism: 'nothing is left of a queue that everybody has left without a word',
    promises: 'P7',
    replace: {
      [queue]: [
        ["redis.call('PEXPIRE', queue, lifetime_ms * 2)\n", ''],
        ["redis.call('PEXPIRE', waiting, lifetime_ms * 2)\n", ''],
      ],
    },
    noticedBy: { [more]: 'ends by itself when nobody asks any more' },
  },
  {
    name: 'force-says-why',
    mechanism: 'why a lease was broken is kept for its holder',
    promises: 'P4',
    replace: { [force]: [["redis.call('SET', KEYS[5], value .. ARGV[1], 'PX', ARGV[2])", '']] },
    noticedBy: { [store]: 'tells the holder of a lease that was broken by force why' },
  },
  {
    name: 'force-tells-holder',
    mechanism: 'the holder of a lease that is broken is made to look at once',
    promises: 'P4',
    replace: { [force]: [["redis.call('PUBLISH', ARGV[3] .. lease.life, tostring(lease.workflow_id))", '']] },
    noticedBy: { 'e2e/ways-out': 'ends the stream of the holder with its reason within 200 ms' },
  },
  {
    name: 'force-wakes',
    mechanism: 'whoever is first in the queue is woken when a lease is broken',
    promises: 'P5',
    replace: { [force]: [['wake_first(KEYS[3], KEYS[4], now_us())', '']] },
    noticedBy: { [more]: 'is overtaken by a deletion by force' },
  },
];

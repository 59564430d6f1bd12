// The actor's record, its index and its event log in Redis: who may write what.

import type { Mutation } from './mutation.js';

const transition = 'store/redis/transition.lua';
const events = 'store/redis/append_events.lua';
const store = 'integration/workflow-store';
const more = 'integration/record-scripts';
const log = 'integration/event-log';

export const recordScriptMutations: readonly Mutation[] = [
  {
    name: 'transition-fenced',
    mechanism: 'a record is written only while the lease is still that workflow’s',
    promises: 'P1',
    replace: { [transition]: [['if lease ~= ARGV[1] then', 'if false then']] },
    noticedBy: { [store]: 'of a workflow that has lost its lease changes nothing' },
  },
  {
    name: 'transition-expects-state',
    mechanism: 'a record is written only from a state that the write expects',
    promises: 'P1 P6',
    replace: { [transition]: [['if not expected then', 'if false then']] },
    noticedBy: { [store]: 'never overwrites a state that came meanwhile' },
  },
  {
    name: 'transition-once',
    mechanism: 'a write whose answer was lost is not done twice, and says that it was done',
    promises: 'P4',
    replace: {
      [transition]: [
        ["local repeated = redis.call('HGET', KEYS[1], 'written_by') == ARGV[2]", 'local repeated = false'],
      ],
    },
    noticedBy: { [store]: 'whose answer was lost is written once' },
  },
  {
    name: 'transition-once-by-workflow',
    mechanism: 'a write is known again by its workflow, not by its name alone',
    promises: 'P1',
    replace: { 'store/redis/workflow-store.ts': [['`${workflowId} ${transition.name}`', 'transition.name']] },
    noticedBy: { [more]: 'of another workflow is another one' },
  },
  {
    name: 'transition-releases-own',
    mechanism: 'a repeated write releases no lease but its own',
    promises: 'P1',
    replace: { [transition]: [[' and lease == ARGV[1] then\n  redis', ' then\n  redis']] },
    noticedBy: { [more]: 'that is repeated releases no lease of another workflow' },
  },
  {
    name: 'transition-wakes',
    mechanism: 'whoever is first in the queue is woken by the write that releases the lease',
    promises: 'P5',
    replace: { [transition]: [['wake_first(KEYS[3], KEYS[4], now_us())', '']] },
    noticedBy: { [more]: 'that releases the lease wakes whoever is first in the queue' },
  },
  {
    name: 'transition-version',
    mechanism: 'each write of a record is counted',
    promises: 'P5',
    replace: { [transition]: [["redis.call('HINCRBY', KEYS[1], 'version', 1)", '']] },
    noticedBy: { [store]: 'is written with the version' },
  },
  {
    name: 'transition-deleted',
    mechanism: 'no record comes back by a late write after its actor was deleted',
    promises: 'P6',
    replace: { [transition]: [["if not state then return {'not_found'} end", 'state = state or ARGV[6]']] },
    noticedBy: { [store]: 'of a deleted actor is refused' },
  },
  {
    name: 'delete-fenced',
    mechanism: 'a record is deleted only under its lease',
    promises: 'P1',
    replace: { 'store/redis/delete_actor.lua': [['if value ~= ARGV[1] then', 'if false then']] },
    noticedBy: { [store]: 'are deleted under their lease only' },
  },
  {
    name: 'delete-wakes',
    mechanism: 'whoever waits for the lease of an actor hears at once that it was deleted',
    promises: 'P5',
    replace: { 'store/redis/delete_actor.lua': [['wake_first(KEYS[3], KEYS[4], now_us())', '']] },
    noticedBy: { [more]: 'that are deleted wake whoever waits for them' },
  },
  {
    name: 'delete-frees',
    mechanism: 'a deleted actor keeps no worker',
    promises: 'P6',
    replace: {
      'store/redis/actor-registry.ts': [
        ['await run(this.#client, scripts.freeWorker', 'if (name === "") await run(this.#client, scripts.freeWorker'],
      ],
    },
    noticedBy: { [store]: 'are deleted under their lease only' },
  },
  {
    name: 'create-once',
    mechanism: 'creating an actor overwrites none that is there',
    promises: 'P6',
    replace: {
      'store/redis/create_actor.lua': [["== 1 then return {'exists'} end", "== 2 then return {'exists'} end"]],
    },
    noticedBy: { [store]: 'are created once' },
  },
  {
    name: 'create-not-late',
    mechanism: 'a record is not created after its entry in the index may have been swept away',
    promises: 'P5',
    replace: {
      'store/redis/create_actor.lua': [['if time[1] * 1000000 + time[2] > tonumber(ARGV[1]) then', 'if false then']],
    },
    noticedBy: { [more]: 'are not created by a write that comes too late' },
  },
  {
    name: 'index-first',
    mechanism: 'the index has an actor before its record is there',
    promises: 'P5',
    replace: {
      'store/redis/actor-registry.ts': [
        [
          'const stamp = Number(await run(this.#client, scripts.indexActor, this.#keys.index(namespace), [name]));',
          'const stamp = Date.now() * 1000;',
        ],
      ],
    },
    noticedBy: { [store]: 'are listed in the order of their names' },
  },
  {
    name: 'unindex-stamp',
    mechanism: 'an entry of the index that was made anew is not removed for the old one',
    promises: 'P5',
    replace: {
      'store/redis/unindex_actor.lua': [
        ["if redis.call('HGET', KEYS[2], ARGV[1]) ~= ARGV[2] then return {'kept'} end", ''],
      ],
    },
    noticedBy: { [more]: 'keeps an entry that was made anew when the old one is removed' },
  },
  {
    name: 'unindex-age',
    mechanism: 'an entry of the index is not swept away while its actor is being created',
    promises: 'P5',
    replace: { 'store/redis/unindex_actor.lua': [['< tonumber(ARGV[3]) then', '< 0 then']] },
    noticedBy: {
      [store]: 'whose entry in the index is stale are swept from it, but not while they may be being created',
    },
  },
  {
    name: 'list-fills-pages',
    mechanism: 'no page of a listing is empty before the last',
    promises: 'P5',
    replace: {
      'store/redis/actor-registry.ts': [
        [
          'if (names.length < READ_AT_ONCE) return { items };',
          'return names.length < READ_AT_ONCE ? { items } : { items, nextAfter: names.at(-1) ?? from };',
        ],
      ],
    },
    noticedBy: { [more]: 'is read on past hundreds of entries whose actors are gone' },
  },
  {
    name: 'crash-compare',
    mechanism: 'a worker taken out of service crashes no actor that has left it',
    promises: 'P6',
    replace: {
      'store/redis/crash_actor.lua': [
        ["if worker[1] ~= ARGV[1] or worker[2] ~= ARGV[2] then return {'unchanged'} end", ''],
      ],
    },
    noticedBy: { [store]: 'does not crash an actor that has moved to another worker meanwhile' },
  },
  {
    name: 'events-fenced',
    mechanism: 'a stale workflow writes nothing into the log of a newer one',
    promises: 'P1',
    replace: { [events]: [['if token < last then', 'if false then']] },
    noticedBy: { [store]: 'is that of the newest workflow, and takes nothing from a stale one' },
  },
  {
    name: 'events-of-before',
    mechanism: 'the events of the workflow before are kept for those that have not read its end',
    promises: 'P4',
    replace: { [events]: [["redis.call('RENAME', KEYS[1], KEYS[3])", "redis.call('DEL', KEYS[1])"]] },
    noticedBy: { [log]: 'keeps the latest workflow and the one before it' },
  },
  {
    name: 'events-late-end',
    mechanism: 'the end of the workflow before is taken also when it comes late',
    promises: 'P4',
    replace: {
      [events]: [
        [
          "if redis.call('HGET', KEYS[2], 'before') ~= ARGV[2] then return {'stale'} end",
          "if true then return {'stale'} end",
        ],
      ],
    },
    noticedBy: { [log]: 'keeps the latest workflow and the one before it' },
  },
  {
    name: 'events-bound',
    mechanism: 'an event log is bounded',
    promises: 'P7',
    replace: { [events]: [["redis.call('ZREMRANGEBYRANK', events, 0, -ARGV[4] - 1)", '']] },
    noticedBy: { [log]: 'keeps the newest 2,000 events' },
  },
  {
    name: 'events-end',
    mechanism: 'an event log ends by itself',
    promises: 'P7',
    replace: { [events]: [["redis.call('PEXPIRE', events, ARGV[5])", '']] },
    noticedBy: { [log]: 'keeps the latest workflow and the one before it, for an hour' },
  },
  {
    name: 'events-tell',
    mechanism: 'those that follow a workflow are woken by its events',
    promises: 'P4',
    replace: { [events]: [["redis.call('PUBLISH', ARGV[6], ARGV[2])", '']] },
    noticedBy: { [more]: 'wakes those that follow' },
  },
  {
    name: 'events-last',
    mechanism: 'whoever has read all of a log hears how the workflow ended',
    promises: 'P4',
    replace: {
      'store/redis/read_events.lua': [
        ["local last = #events == 0 and redis.call('ZRANGE', log, -1, -1)[1] or ''", "local last = ''"],
      ],
    },
    noticedBy: { [log]: 'gives the events after a sequence' },
  },
  {
    name: 'events-of-a-workflow',
    mechanism: 'a lease that is no workflow’s is not waited for by those that follow',
    promises: 'P4',
    replace: {
      'store/redis/event-log.ts': [['lease !== undefined && WORKFLOWS.includes(lease.kind)', 'lease !== undefined']],
    },
    noticedBy: { [more]: 'does not take a deletion for a workflow' },
  },
];

// Workers and claims on them in Redis: who holds which, and who is next.

import type { Mutation } from './mutation.js';

const claim = 'store/redis/claim_worker.lua';
const free = 'store/redis/free_worker.lua';
const register = 'store/redis/register_worker.lua';
const deregister = 'store/redis/deregister_worker.lua';
const store = 'integration/workflow-store';
const more = 'integration/worker-scripts';

export const workerScriptMutations: readonly Mutation[] = [
  {
    name: 'claim-fenced',
    mechanism: 'a stale workflow claims nothing once a newer one has',
    promises: 'P1 P6',
    replace: { [claim]: [['if token > tonumber(ARGV[2]) then', 'if false then']] },
    noticedBy: { [store]: 'return the worker that the actor holds already, with the newer token' },
  },
  {
    name: 'claim-under-actor',
    mechanism: 'a claim is recorded under the actor: the next one returns the same worker',
    promises: 'P6',
    replace: { [claim]: [['if name then\n  local token', 'if false then\n  local token']] },
    noticedBy: { [store]: 'return the worker that the actor holds already, with the newer token' },
  },
  {
    name: 'claim-newer-token',
    mechanism: 'a claim that is found again gets the newer token',
    promises: 'P1 P6',
    replace: {
      [claim]: [
        [
          "redis.call('HSET', KEYS[5], name, '{\"actor\"",
          "if order then redis.call('HSET', KEYS[5], name, '{\"actor\"",
        ],
        ["ARGV[2] .. '}')", "ARGV[2] .. '}') end"],
      ],
    },
    noticedBy: { [store]: 'return the worker that the actor holds already, with the newer token' },
  },
  {
    name: 'claim-takes',
    mechanism: 'a worker that is claimed is free no more',
    promises: 'P6',
    replace: { [claim]: [["redis.call('ZREM', KEYS[3], name)", '']] },
    noticedBy: { [store]: 'give no worker to two of many callers at once' },
  },
  {
    name: 'claim-takes-from-node',
    mechanism: 'a worker that is claimed is free no more on its node',
    promises: 'P6',
    replace: {
      [claim]: [
        ["redis.call('ZREM', KEYS[4], string.format('%s %016d %s', cjson.decode(registration).node, order, name))", ''],
      ],
    },
    noticedBy: { [store]: 'give no worker to two of many callers at once' },
  },
  {
    name: 'claim-in-turn',
    mechanism: 'nobody takes a free worker before those that have waited for one',
    promises: 'P5',
    replace: { [claim]: [["if in_front < redis.call('ZCARD', KEYS[3]) then", 'if true then']] },
    noticedBy: { [more]: 'are made in the order of those that wait' },
  },
  {
    name: 'claim-passes-over-the-dead',
    mechanism: 'those that wait for a worker and ask no more are passed over',
    promises: 'P5',
    replace: { [claim]: [['first_waiter(KEYS[8], KEYS[9], now)\n', '']] },
    noticedBy: { [more]: 'pass over those that wait and ask no more' },
  },
  {
    name: 'claim-leaves-queue',
    mechanism: 'whoever has a worker waits for none',
    promises: 'P5',
    replace: { [claim]: [['leave(KEYS[8], KEYS[9], ARGV[1])\n', '']] },
    noticedBy: { [more]: 'are made in the order of those that wait' },
  },
  {
    name: 'claim-wakes-next',
    mechanism: 'whoever is next is woken where more than one worker is free',
    promises: 'P5',
    replace: { [claim]: [["if redis.call('ZCARD', KEYS[3]) > 0 then wake_first", 'if false then wake_first']] },
    noticedBy: { [more]: 'are made in the order of those that wait' },
  },
  {
    name: 'claim-longest-free',
    mechanism: 'the worker that has been free longest is claimed first, so that a bad one is not tried over and over',
    promises: 'P5',
    replace: { [claim]: [["redis.call('ZRANGE', KEYS[3], 0, 0)[1]", "redis.call('ZRANGE', KEYS[3], -1, -1)[1]"]] },
    noticedBy: { [store]: 'take the worker that has been free longest' },
  },
  {
    name: 'claim-on-node',
    mechanism: 'a worker on the node that has the frozen actor is preferred',
    promises: 'P6',
    replace: { [claim]: [["if ARGV[3] ~= '' then", 'if false then']] },
    noticedBy: { [store]: 'on the preferred node if it has one' },
  },
  {
    name: 'free-fenced',
    mechanism: 'a late free does not free what a newer workflow has claimed',
    promises: 'P1 P6',
    replace: { [free]: [['if token > tonumber(ARGV[2]) then', 'if false then']] },
    noticedBy: { [store]: 'are freed by the same or a newer token only' },
  },
  {
    name: 'free-holder',
    mechanism: 'an actor frees the worker that it holds, and none where it holds none',
    promises: 'P6',
    replace: { [free]: [["redis.call('HDEL', KEYS[7], ARGV[1])\n", '']] },
    noticedBy: { [store]: 'are freed by the same or a newer token only' },
  },
  {
    name: 'free-wakes',
    mechanism: 'whoever waits for a worker is woken when one is freed',
    promises: 'P5',
    replace: { [free]: [['wake_first(KEYS[8], KEYS[9], now_us())', '']] },
    noticedBy: { [more]: 'that are freed or given up wake whoever waits' },
  },
  {
    name: 'leave-wakes',
    mechanism: 'whoever leaves the queue for a worker when it is its turn wakes the next',
    promises: 'P5',
    replace: {
      'store/redis/leave_worker_queue.lua': [
        ["if redis.call('ZCARD', KEYS[3]) > 0 then wake_first", 'if false then wake_first'],
      ],
    },
    noticedBy: { [more]: 'that are freed or given up wake whoever waits' },
  },
  {
    name: 'register-keeps-claim',
    mechanism: 'a worker that registers again keeps its claim',
    promises: 'P6',
    replace: { [register]: [['if holder then return', 'if false then return']] },
    noticedBy: { [store]: 'keep their claim and get their new address when they register again' },
  },
  {
    name: 'register-moves',
    mechanism: 'a free worker that moves to another node is found there, and there alone',
    promises: 'P6',
    replace: {
      [register]: [
        ["redis.call('ZREM', KEYS[4], string.format('%s %016d %s', cjson.decode(before).node, order, ARGV[1]))", ''],
      ],
    },
    noticedBy: { [store]: 'that are free and move to another node are found there' },
  },
  {
    name: 'register-wakes',
    mechanism: 'whoever waits for a worker is woken when one is registered',
    promises: 'P5',
    replace: { [register]: [['wake_first(KEYS[8], KEYS[9], now)', '']] },
    noticedBy: { [more]: 'that are new wake whoever waits for one' },
  },
  {
    name: 'register-expires',
    mechanism: 'a worker whose agent is gone is found out',
    promises: 'P5',
    replace: { [register]: [["redis.call('ZADD', KEYS[10], expires, ARGV[1])", '']] },
    noticedBy: { [store]: 'because it expired stays if it has registered again after all' },
  },
  {
    name: 'register-for-ever',
    mechanism: 'a worker that is registered for ever does not expire by an earlier registration',
    promises: 'P6',
    replace: { [register]: [["redis.call('ZREM', KEYS[10], ARGV[1])", '']] },
    noticedBy: { [more]: 'that are registered for ever do not expire any more' },
  },
  {
    name: 'deregister-held',
    mechanism: 'a worker that holds an actor is not taken out of service without a word',
    promises: 'P6',
    replace: { [deregister]: [["if holder and holder ~= ARGV[2] then return {'held', holder} end", '']] },
    noticedBy: { [store]: 'are taken out of service only when free' },
  },
  {
    name: 'deregister-whom',
    mechanism: 'a worker taken out of service by force loses no actor but the one that was marked CRASHED',
    promises: 'P6',
    replace: { [deregister]: [['if holder and holder ~= ARGV[2] then', "if holder and ARGV[2] == '' then"]] },
    noticedBy: { [more]: 'crash whoever holds them by then' },
  },
  {
    name: 'deregister-expired',
    mechanism: 'a worker that has registered again in time stays',
    promises: 'P6',
    replace: { [deregister]: [["if ARGV[3] == 'expired' then", 'if false then']] },
    noticedBy: { [store]: 'because it expired stays if it has registered again after all' },
  },
  {
    name: 'deregister-claim',
    mechanism: 'an actor does not go on holding a worker that is out of service',
    promises: 'P5',
    replace: { [deregister]: [["redis.call('HDEL', KEYS[7], cjson.decode(holder).actor)", '']] },
    noticedBy: { [store]: 'are taken out of service only when free, unless by force' },
  },
  {
    name: 'deregister-free',
    mechanism: 'a worker that is out of service is not claimed',
    promises: 'P5',
    replace: { [deregister]: [["redis.call('ZREM', KEYS[3], ARGV[1])", '']] },
    noticedBy: { [more]: 'are claimed no more once they are out of service' },
  },
  {
    name: 'crash-first',
    mechanism: 'an actor is marked CRASHED before the worker that it names is gone',
    promises: 'P5',
    replace: {
      'store/redis/worker-registry.ts': [['await this.#crash(actor, ref);', '']],
    },
    noticedBy: { [store]: 'are taken out of service only when free, unless by force' },
  },
  {
    name: 'crash-unwritten-claim',
    mechanism: 'a Resume whose worker is taken away before it has written its claim loses its lease',
    promises: 'P6',
    replace: {
      'store/redis/worker-registry.ts': [['await breakLease(this.#client, this.#keys, actor, message);', '']],
    },
    noticedBy: { [store]: 'ends a Resume that has claimed it and not written that yet' },
  },
];

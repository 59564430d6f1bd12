// The connections to Redis: what is sent, how often, and who hears of it when.

import type { Mutation } from './mutation.js';

const connect = 'store/redis/connect.ts';
const open = 'store/redis/open.ts';
const inspect = 'store/redis/inspect.ts';
const readiness = 'store/redis/readiness.ts';
const connection = 'integration/connection';
const cluster = 'integration/connection-cluster';
const stores = 'integration/open-stores';
const unavailable = 'store/redis/unavailable.ts';

export const connectionMutations: readonly Mutation[] = [
  {
    name: 'command-timeout',
    mechanism: 'a command without an answer fails at its time limit',
    promises: 'P1 P4',
    replace: { [connect]: [['commandTimeout: commandTimeoutMs,', '']] },
    noticedBy: { [connection]: 'that is not answered fails at its time limit' },
  },
  {
    name: 'socket-timeout',
    mechanism: 'a connection that says nothing any more is given up for a new one',
    promises: 'P5',
    replace: { [connect]: [['socketTimeout: commandTimeoutMs + 500,', '']] },
    noticedBy: { [connection]: 'that says nothing any more is given up for a new one' },
  },
  {
    name: 'connect-timeout',
    mechanism: 'a connection that is not made in time is given up for a new one',
    promises: 'P5',
    replace: { [connect]: [['connectTimeout: CONNECT_WITHIN_MS,\n    // A server', '// A server']] },
    noticedBy: { [connection]: 'that is not made in time is given up for a new one' },
  },
  {
    name: 'no-retry-of-commands',
    mechanism: 'a command whose connection breaks fails at once',
    promises: 'P1 P4',
    replace: { [connect]: [['maxRetriesPerRequest: 0,', '']] },
    noticedBy: { [connection]: 'that is in flight when its connection breaks fails at once' },
  },
  {
    // Either of the two is enough for this: without the first it also takes longer to fail, which is noticed above.
    name: 'no-resend',
    mechanism: 'a command whose connection breaks is never sent again',
    promises: 'P1 P6',
    replace: {
      [connect]: [
        ['maxRetriesPerRequest: 0,', ''],
        ['autoResendUnfulfilledCommands: false,', ''],
      ],
    },
    noticedBy: { [connection]: 'that is in flight when its connection breaks is never sent again' },
  },
  {
    name: 'no-offline-queue',
    mechanism: 'a command without a connection fails at once, and is never sent later',
    promises: 'P1 P4',
    replace: { [connect]: [['enableOfflineQueue: false,\n    autoResend', 'autoResend']] },
    noticedBy: { [connection]: 'while there is no connection fails at once, and is never sent later' },
  },
  {
    name: 'cluster-no-offline-queue',
    mechanism: 'a command to a Cluster without a connection fails at once, and is never sent later',
    promises: 'P1 P4',
    replace: { [connect]: [['enableOfflineQueue: false,\n    clusterRetry', 'clusterRetry']] },
    noticedBy: { [cluster]: 'while there is no connection fails at once, and is never sent later' },
  },
  {
    name: 'cluster-no-resending',
    mechanism: 'a command whose connection to a node of a Cluster broke is never sent again',
    promises: 'P1 P4',
    replace: { [connect]: [['retryDelayOnFailover: 0,', '']] },
    noticedBy: { [cluster]: 'whose connection breaks before it was carried out fails' },
  },
  {
    name: 'cluster-no-retry',
    mechanism: 'a command that a Cluster refuses because it is down is never sent again',
    promises: 'P1 P4',
    replace: { [connect]: [['retryDelayOnClusterDown: 0,', '']] },
    noticedBy: { [cluster]: 'that the Cluster refuses because it is down fails at once' },
  },
  {
    name: 'reconnects',
    mechanism: 'a connection is made anew for as long as Redis is away',
    promises: 'P5',
    replace: {
      [connect]: [
        ['    retryStrategy: () => RECONNECT_MS,', '    retryStrategy: () => null,'],
        ['    if (over) return;', '    return;'],
      ],
    },
    noticedBy: { [connection]: 'is made anew for as long as Redis is away' },
  },
  {
    name: 'demoted-master',
    mechanism: 'a master that was demoted is left for the new one',
    promises: 'P5',
    replace: { [connect]: [["reconnectOnError: (error) => error.message.startsWith('READONLY'),", '']] },
    noticedBy: { [connection]: 'to a master that was demoted fails, and makes the client look for the new one' },
  },
  {
    name: 'demoted-no-resend',
    mechanism: 'a write that a demoted master refused is not sent again',
    promises: 'P1 P6',
    replace: {
      [connect]: [["error.message.startsWith('READONLY')", "(error.message.startsWith('READONLY') ? 2 : false)"]],
    },
    noticedBy: { [connection]: 'to a master that was demoted fails, and makes the client look for the new one' },
  },
  {
    name: 'lost-acquire',
    mechanism: 'an acquire whose answer was lost is released by what is known of its lease',
    promises: 'P3',
    replace: {
      'store/redis/workflow-store.ts': [
        ['void this.#release(request.actor, head, request.workflowId).catch(() => undefined);', ''],
      ],
    },
    noticedBy: { [connection]: 'leaves no lease that nobody renews' },
  },
  {
    name: 'noeviction',
    mechanism: 'a Redis that may evict leases and records is refused',
    promises: 'P1 P6',
    replace: { [inspect]: [["policy !== 'noeviction'", 'false']] },
    noticedBy: { [stores]: 'that may evict keys is refused, unless that was allowed' },
  },
  {
    name: 'least-version',
    mechanism: 'a Redis that is too old is refused',
    promises: 'P1',
    replace: { [inspect]: [['!(Number.parseInt(version, 10) >= MIN_VERSION)', 'false']] },
    noticedBy: { [stores]: 'that is too old is refused, and told by its version' },
  },
  {
    name: 'readiness',
    mechanism: 'a replica whose Redis does not answer is not ready',
    promises: 'P5',
    replace: {
      [readiness]: [
        [
          'await Promise.all([answersAsMaster(this.#records), answersAsMaster(this.#leases)]);',
          'if (!this.#accepted) await Promise.all([answersAsMaster(this.#records), answersAsMaster(this.#leases)]);',
        ],
      ],
    },
    noticedBy: {
      [stores]: 'that stops answering makes the replica not ready within seconds, and ready again when it answers',
    },
  },
  {
    name: 'readiness-in-time',
    mechanism: 'a Redis that answers too slowly counts as one that does not',
    promises: 'P5',
    replace: { [readiness]: [['withinMs(clock, ANSWER_WITHIN_MS, this.#look())', 'this.#look()']] },
    noticedBy: {
      [stores]: 'that stops answering makes the replica not ready within seconds, and ready again when it answers',
    },
  },
  {
    name: 'scripts-loaded',
    mechanism: 'the scripts are loaded before the replica is ready, so that no call pays for it',
    promises: 'P7',
    replace: {
      [readiness]: [
        ["await Promise.all(Object.values(scripts).map(({ source }) => this.#records.script('LOAD', source)));", ''],
      ],
    },
    noticedBy: { [stores]: 'knows every script once the replica is ready' },
  },
  {
    name: 'connection-for-leases',
    mechanism: 'renewals have a connection of their own, so that no long reply is in their way',
    promises: 'P2',
    replace: { [open]: [['leases: new RedisLeaseStore(leases, keys)', 'leases: new RedisLeaseStore(records, keys)']] },
    noticedBy: { [stores]: 'hears renewals on a connection of their own' },
  },
  {
    name: 'script-unknown',
    mechanism: 'a script that Redis has forgotten is sent whole',
    promises: 'P5',
    replace: { 'store/redis/scripts.ts': [['if (!isNoScript(error)) throw', 'if (true) throw']] },
    noticedBy: { [stores]: 'that has forgotten the scripts is told them again' },
  },
  {
    name: 'script-unknown-in-batch',
    mechanism: 'a batch of renewals survives that Redis has forgotten the script',
    promises: 'P2',
    replace: { 'store/redis/lease-store.ts': [['if (isNoScript(error)) return await this.#renewOne(renewal);', '']] },
    noticedBy: {
      'integration/workflow-store': 'renews many in one pipeline, also right after the script cache was flushed',
    },
  },
  {
    name: 'renew-never-throws',
    mechanism: 'a renewal that fails is an answer, which the heartbeat counts',
    promises: 'P1 P2',
    replace: {
      'store/redis/lease-store.ts': [
        ['    } catch (error) {\n      return failed(error);', '    } catch (error) {\n      throw error;'],
      ],
    },
    noticedBy: { [connection]: 'fails the renewals that it carries, one by one' },
  },
  {
    name: 'refused-is-not-done',
    mechanism: 'what Redis refused was surely not done',
    promises: 'P5',
    replace: { [unavailable]: [['maybeDone: !passing && ', 'maybeDone: ']] },
    noticedBy: { 'unit/unavailable': 'surely not carried out' },
  },
  {
    name: 'unsent-is-not-done',
    mechanism: 'what was never sent was surely not done',
    promises: 'P5',
    replace: { [unavailable]: [[' && !NOT_SENT.test(error.message)', '']] },
    noticedBy: { 'unit/unavailable': 'surely not carried out' },
  },
  {
    name: 'unanswered-may-be-done',
    mechanism: 'what was not answered may have been done',
    promises: 'P1 P6',
    replace: { [unavailable]: [['maybeDone: !passing && !NOT_SENT.test(error.message)', 'maybeDone: false']] },
    noticedBy: { 'unit/unavailable': 'may have been carried out' },
  },
  {
    name: 'passing-is-unavailable',
    mechanism: 'a Redis that is loading, demoted or full is one to try again, not a bug',
    promises: 'P4',
    replace: {
      [unavailable]: [
        [
          "if (error.name === 'ReplyError' && !passing) return error;",
          "if (error.name === 'ReplyError') return error;",
        ],
      ],
    },
    noticedBy: { 'unit/unavailable': 'surely not carried out' },
  },
];

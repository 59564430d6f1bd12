// How long after its holder has crashed (SIGKILL), or was asked to leave
// (SIGTERM), an actor is running by another replica's doing: a Resume hangs in
// its restore on one replica, callers wait for the lease on another one, and
// the time runs from the signal until they are told that the actor runs. Beside
// it, the lock libraries: from the crash of a process that holds a lock until
// one that waits for it has it. Each lease is of a random age at the signal.

import { loadLibrary, PEERS } from './locks/lock.mjs';
import { quantiles } from './measure/quantiles.mjs';
import { nowMs, pause } from './measure/time.mjs';
import { startChild } from './start/child.mjs';
import { startNodeRuntime } from './start/node-runtime.mjs';
import { startRedis } from './start/redis.mjs';
import { startReplica } from './start/replica.mjs';

/** At one crash. After a SIGTERM one, since ten at once measure how fast a replica works. */
const LEASES = { SIGKILL: 10, SIGTERM: 1 };
const WAIT = { seconds: '60', nanos: 0 };

export const about = 'a holder crashes or leaves: when does another one take over?';
/** Below 1.25 s redlock-universal does nothing but renew. */
export const quick = { rounds: 1, ttlMs: 1500, together: true };
export const full = { rounds: 20, ttlMs: 1500, together: false };

/** @typedef {{ holder: string, ended: string, afterMs: number }} Sample */

/** @param {typeof full & { say: (text: string) => void }} options together: the crashes of a round at the same time */
export async function run({ rounds, ttlMs, together, say }) {
  const redis = await startRedis();
  /** @type {Set<string>} */
  const hung = new Set();
  // The first restore of an actor hangs, the next one is done at once.
  const runtime = await startNodeRuntime((call, actor) => {
    if (call !== 'Restore' || hung.has(actor)) return 0;
    hung.add(actor);
    return false;
  });
  // Leaves without waiting for what runs, since a restore that hangs would only use up the drain timeout.
  const flags = ['--lease-ttl', `${ttlMs}ms`, '--drain-timeout', '0s'];
  const successor = await startReplica({ redisUrl: redis.url, instanceId: 'successor', flags });
  /** @type {Sample[]} */
  const samples = [];
  try {
    for (let round = 1; round <= rounds; round += 1) {
      say(`round ${round} of ${rounds}`);
      const end = (/** @type {keyof typeof LEASES} */ signal) =>
        ours({ redis, successor, runtime, flags, signal, round, ttlMs, hung });
      const libraries = () => Promise.all(PEERS.map((library) => theirs(library, redis.url, round, ttlMs)));
      const crash = end('SIGKILL');
      if (!together) await crash;
      samples.push(...(await libraries()).flat(), ...(await crash));
      // By itself, since it is over within a few turns of two event loops.
      samples.push(...(await end('SIGTERM')));
    }
  } finally {
    await successor.close();
    runtime.close();
    await redis.close();
  }
  return report(samples, ttlMs);
}

/** @returns {Promise<Sample[]>} */
async function ours({ redis, successor, runtime, flags, signal, round, ttlMs, hung }) {
  const names = Array.from({ length: LEASES[signal] }, (_, i) => `${signal.toLowerCase()}-${round}-${i}`);
  const holder = await startReplica({ redisUrl: redis.url, instanceId: `holder-${signal}-${round}`, flags });
  const actors = names.map((name) => ({ namespace: 'bench', name }));
  await Promise.all(
    actors.map(async (actor) => {
      const worker = { pool: 'default', name: actor.name };
      await successor.client.registerWorker({ worker, runtime_address: runtime.address, node: 'bench' });
      await successor.client.createActor({ actor });
    }),
  );
  const first = actors.map(async (actor) => {
    await pause(Math.random() * ttlMs);
    await lastEvent(holder.client.resume({ actor })).catch(() => undefined);
  });
  while (!names.every((name) => hung.has(name))) await pause(5);
  const second = actors.map(async (actor) => {
    const event = await lastEvent(successor.client.resume({ actor, options: { lease_wait: WAIT } }));
    if (event?.completed?.actor?.state !== 'ACTOR_STATE_RUNNING') throw new Error(`${actor.name} does not run`);
    return nowMs();
  });
  await pause((1 + Math.random()) * ttlMs);
  const atMs = nowMs();
  holder.kill(signal);
  const done = await Promise.all(second);
  await Promise.all(first);
  await holder.ended;
  await holder.close();
  return done.map((doneAtMs) => ({ holder: 'actor-coordinator', ended: signal, afterMs: doneAtMs - atMs }));
}

/** @param {AsyncIterable<any>} stream */
async function lastEvent(stream) {
  let last;
  for await (const event of stream) last = event;
  return last;
}

/** @param {string} library @param {string} redisUrl @param {number} round @param {number} ttlMs @returns {Promise<Sample[]>} */
async function theirs(library, redisUrl, round, ttlMs) {
  const { name } = await loadLibrary(library);
  const keys = Array.from({ length: LEASES.SIGKILL }, (_, i) => `${library}-${round}-${i}`);
  const start = () => startChild('holder.mjs', [library, redisUrl, String(ttlMs)]);
  const [holder, successor] = await Promise.all([start(), start()]);
  try {
    await holder.ask('hold', { keys, spreadMs: ttlMs });
    const granted = successor.ask('waitFor', keys);
    await pause((1 + Math.random()) * ttlMs);
    const atMs = nowMs();
    await holder.end();
    const samples = await granted;
    return samples.map(({ atMs: grantedAtMs }) => ({ holder: name, ended: 'SIGKILL', afterMs: grantedAtMs - atMs }));
  } finally {
    await holder.end();
    await successor.end();
  }
}

/** @param {Sample[]} samples @param {number} ttlMs */
function report(samples, ttlMs) {
  const kinds = [...new Set(samples.map(({ holder, ended }) => `${holder} ${ended}`))];
  const all = (/** @type {string} */ kind) => samples.filter(({ holder, ended }) => `${holder} ${ended}` === kind);
  // Granted before the signal: the holder had lost it, on a machine that is too busy.
  const of = (/** @type {string} */ kind) => all(kind).filter(({ afterMs }) => afterMs >= 0);
  const rows = kinds.map((kind) => {
    const { n, min, p50, max } = quantiles(of(kind).map(({ afterMs }) => afterMs));
    const [holder, ended] = kind.split(' ');
    return {
      holder,
      'ended by': ended,
      n,
      'median ms': Math.round(p50),
      'worst ms': Math.round(max),
      'best ms': Math.round(min),
      'lost before': all(kind).length - n,
      'worst - TTL, ms': ended === 'SIGKILL' ? Math.round(max - ttlMs) : '',
    };
  });
  const target = (/** @type {string} */ what, /** @type {string} */ signal, /** @type {number} */ limitMs) => {
    const ours = of(`actor-coordinator ${signal}`);
    const got = ours.filter(({ afterMs }) => afterMs <= limitMs).length;
    return { what, got, want: ours.length, unit: `of ${ours.length}` };
  };
  return {
    tables: [{ title: `From the signal to the successor's success (TTL ${ttlMs} ms)`, rows }],
    targets: [
      target('crash: within TTL + 150 ms', 'SIGKILL', ttlMs + 150),
      target('SIGTERM: within 50 ms', 'SIGTERM', 50),
    ],
    plot: {
      title: `Takeover, worst ms (TTL ${ttlMs} ms)`,
      bars: rows.map((row) => ({ label: `${row.holder}, ${row['ended by']}`, value: row['worst ms'] })),
    },
    samples,
  };
}

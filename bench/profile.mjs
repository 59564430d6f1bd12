// Where the CPU time of a replica goes under `cycle` at 64, with the runtime
// inside and over gRPC: not a benchmark, no targets. What is printed is also
// written to .cache/bench/profile-<runtime>.md; the profile itself, for Chrome's
// developer tools, lies beside it.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cache, root } from '../scripts/run.mjs';
import { AT_ONCE } from './cycle.mjs';
import { cpuSeconds } from './measure/process-stat.mjs';
import { nowMs } from './measure/time.mjs';
import { profileTables } from './report/cpu-profile.mjs';
import { table } from './report/table.mjs';
import { slotsOf, startCallers } from './start/callers.mjs';
import { startChild } from './start/child.mjs';
import { createFleet } from './start/fleet.mjs';
import { startRedis } from './start/redis.mjs';
import { startReplica } from './start/replica.mjs';

const DIRECTORY = join(cache, 'bench');

export const about = 'where the CPU time of a replica goes, under `cycle` at 64';
export const quick = { seconds: 5, concurrency: 64 };
export const full = { seconds: 10, concurrency: 64 };

/** @param {typeof full & { say: (text: string) => void }} options */
export async function run({ seconds, concurrency, say }) {
  const tables = [];
  for (const runtime of /** @type {const} */ (['inside', 'grpc'])) {
    say(`${concurrency} callers for ${seconds} s, runtime ${runtime}`);
    tables.push(...(await profile(runtime, seconds, concurrency)));
  }
  return { tables, targets: [], plot: undefined };
}

/** @param {'inside' | 'grpc'} runtime @param {number} seconds @param {number} concurrency */
async function profile(runtime, seconds, concurrency) {
  mkdirSync(DIRECTORY, { recursive: true });
  const fresh = mkdtempSync(join(DIRECTORY, 'profile-'));
  const redis = await startRedis();
  const callers = await startCallers();
  const node = await startChild('runtime.mjs');
  const replica = await startReplica({
    redisUrl: redis.url,
    instanceId: 'profiled',
    nodeArgs: [
      ...(runtime === 'inside' ? AT_ONCE : []),
      ...['--cpu-prof', '--cpu-prof-interval', '500', '--cpu-prof-dir', fresh],
    ],
  });
  try {
    const slots = slotsOf(concurrency);
    const runtimeAddress = await node.ask('address');
    await createFleet(redis.url, { actors: slots.flat(), workers: concurrency, runtimeAddress });
    const window = { beginMs: 0, endMs: 0 };
    let cpu = 0;
    const ms = { warm: 2000, count: seconds * 1000 };
    const load = await callers.load(replica.address, slots, ms, {
      begin() {
        window.beginMs = nowMs();
        cpu = -cpuSeconds(replica.pid);
      },
      end() {
        window.endMs = nowMs();
        cpu += cpuSeconds(replica.pid);
      },
    });
    // In order, since it writes the profile at its end.
    replica.client.close();
    replica.kill('SIGTERM');
    await replica.ended;
    const name = readdirSync(fresh).find((file) => file.endsWith('.cpuprofile'));
    if (name === undefined) throw new Error('the replica wrote no profile');
    const path = join(DIRECTORY, `cycle-${runtime}.cpuprofile`);
    renameSync(join(fresh, name), path);
    const { busyShare, tables } = profileTables(JSON.parse(readFileSync(path, 'utf8')), window, root);
    const summary = {
      workflows: load.workflows,
      'workflows/s': Math.round(load.perSecond),
      'per CPU-s, while profiled': Math.round(load.workflows / cpu),
      'main thread busy, %': busyShare * 100,
    };
    const all = [{ title: `${concurrency} callers, runtime ${runtime}`, rows: [summary] }, ...tables];
    const sections = all.map(({ title, rows }) => `## ${title}\n\n\`\`\`\n${table(rows)}\n\`\`\`\n`);
    writeFileSync(join(DIRECTORY, `profile-${runtime}.md`), sections.join('\n'));
    return all;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
    await Promise.all([replica.close(), callers.close(), node.end()]);
    await redis.close();
  }
}

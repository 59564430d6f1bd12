// `npm run demo`: shows what the service is for, with real processes. First one
// replica moves an actor to sleep and back to life on another worker; then a
// replica is killed in the middle of a slow restore and another one finishes
// it. Exits 0 only if everything that it says has really happened.

import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { CoordinatorClient } from '../client/coordinator-client.js';
import { CoordinatorError } from '../errors.js';
import type { Actor__Output } from '../generated/actorworkflow/v1/Actor.js';
import type { WorkflowEvent__Output } from '../generated/actorworkflow/v1/WorkflowEvent.js';
import { chooseView } from './choose-view.js';

const MAIN = fileURLToPath(new URL('../main.js', import.meta.url));
const EXAMPLES = fileURLToPath(new URL('../../examples/', import.meta.url));
const START_WITHIN_MS = 30_000;
const LEASE_TTL_MS = 3000;

interface Replica {
  readonly name: string;
  readonly process: ChildProcess;
  readonly client: CoordinatorClient;
  /** What its log says of its private Redis. */
  readonly redisUrl: string;
}

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

async function startReplica(name: string, flags: readonly string[]): Promise<Replica> {
  const args = ['serve', '--instance-id', name, '--listen', '127.0.0.1:0', '--lease-ttl', `${String(LEASE_TTL_MS)}ms`];
  const child = spawn(process.execPath, [MAIN, ...args, ...flags], { stdio: ['ignore', 'ignore', 'pipe'] });
  const lines: string[] = [];
  let redisUrl = '';
  const address = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`replica ${name} was not ready in time:\n${lines.join('\n')}`));
    }, START_WITHIN_MS);
    createInterface(child.stderr).on('line', (line) => {
      lines.push(line);
      if (!line.startsWith('{')) return;
      const entry = JSON.parse(line) as { msg?: string; addresses?: string[]; redis_url?: string };
      redisUrl = entry.redis_url ?? redisUrl;
      if (entry.msg === 'ready' && entry.addresses?.[0] !== undefined) {
        clearTimeout(timer);
        resolve(entry.addresses[0]);
      }
    });
    child.once('exit', () => {
      clearTimeout(timer);
      reject(new Error(`replica ${name} ended before it was ready:\n${lines.join('\n')}`));
    });
  });
  return { name, process: child, client: new CoordinatorClient(address), redisUrl };
}

/** Passes a workflow's events on, and shows each. */
async function* showProgress(
  events: AsyncIterable<WorkflowEvent__Output>,
): AsyncGenerator<WorkflowEvent__Output, void, undefined> {
  const view = chooseView('text');
  try {
    for await (const event of events) {
      view.show({ event });
      yield event;
    }
  } finally {
    view.end();
  }
}

/** Shows a workflow to its end, and gives the actor as it is then. */
async function show(events: AsyncIterable<WorkflowEvent__Output>): Promise<Actor__Output> {
  let actor: Actor__Output | null | undefined;
  for await (const event of showProgress(events)) actor = event.completed?.actor ?? actor;
  if (!actor) throw new Error('the workflow ended without an actor');
  return actor;
}

async function count(actor: Actor__Output, method: 'GET' | 'POST'): Promise<number> {
  const response = await fetch(`http://${actor.address}/count`, { method });
  return ((await response.json()) as { count: number }).count;
}

function expect(what: string, got: unknown, wanted: unknown): void {
  if (got !== wanted) throw new Error(`${what}: got ${String(got)}; expected ${String(wanted)}`);
}

async function showSuspendAndResume({ client }: Replica): Promise<void> {
  const ref = { namespace: 'demo', name: 'counter' };
  say('\n1. An actor sleeps and wakes up elsewhere, and remembers.\n');
  say('  The actor is examples/counter: an HTTP server that counts requests in memory.');
  await client.createActor({ actor: ref, spec: { command: [process.execPath, `${EXAMPLES}counter/counter.mjs`] } });
  say('  Resume it: claim a worker, start it there.');
  const first = await show(client.resume({ actor: ref }));
  say(`  It runs on worker ${first.worker?.name ?? '?'} and serves at http://${first.address}. Three requests:`);
  for (let i = 1; i <= 3; i += 1) await count(first, 'POST');
  say(`    the count is ${String(await count(first, 'GET'))}`);
  say('  Suspend it: write a snapshot, free the worker.');
  const suspended = await show(client.suspend({ actor: ref }));
  say(`  Its process is gone; its snapshot has ${suspended.latest_snapshot?.size_bytes ?? '?'} bytes.`);
  say('  Resume it again.');
  const second = await show(client.resume({ actor: ref }));
  const remembered = await count(second, 'GET');
  expect('the count after the resume', remembered, 3);
  expect('the same worker again', second.worker?.name === first.worker?.name, false);
  say(`  It runs on worker ${second.worker?.name ?? '?'} now, and the count is still ${String(remembered)}.`);
  say('  Suspend it.');
  await show(client.suspend({ actor: ref }));
}

async function showTakeover(survivor: Replica): Promise<void> {
  const ref = { namespace: 'demo', name: 'slow' };
  say('\n2. A replica dies in the middle of a slow restore, and another one finishes it.\n');
  say('  A second replica joins, on the same Redis. The actor is examples/slow-start: it needs 6 s to start.');
  const victim = await startReplica('replica-b', ['--redis-url', survivor.redisUrl]);
  await survivor.client.createActor({
    actor: ref,
    spec: { command: [process.execPath, `${EXAMPLES}slow-start/slow-start.mjs`], env: { SLOW_START_SECONDS: '6' } },
  });
  say(
    `  Resume it through ${victim.name}, whose lease on the actor lasts ${String(LEASE_TTL_MS / 1000)} s unless renewed:`,
  );
  let token = '';
  let worker = '';
  try {
    for await (const event of showProgress(victim.client.resume({ actor: ref }))) {
      token = event.started?.lease?.fencing_token ?? token;
      // Not at once: by then its lease has been renewed, since restores may take longer than a TTL.
      if (event.step_started?.step === 'restore') {
        worker = (await survivor.client.getActor(ref)).worker?.name ?? '';
        setTimeout(() => victim.process.kill('SIGKILL'), LEASE_TTL_MS * 1.2);
      }
    }
    throw new Error('the killed replica finished its workflow');
  } catch (error) {
    if (!(error instanceof CoordinatorError)) throw error;
  } finally {
    victim.client.close();
  }
  say(`  ${victim.name} was killed with SIGKILL. Its lease, with fencing token ${token}, is still in Redis.`);
  const actor = await resumeWhenFree(survivor, ref);
  expect('the state', actor.state, 'ACTOR_STATE_RUNNING');
  expect('a greater fencing token', Number(actor.fencing_token) > Number(token), true);
  expect('the worker', actor.worker?.name, worker);
  say(`  ${survivor.name} finished it on the same worker, with the greater token ${actor.fencing_token}.`);
  say('  Suspend it.');
  await show(survivor.client.suspend({ actor: ref }));
}

async function resumeWhenFree(on: Replica, actor: { namespace: string; name: string }): Promise<Actor__Output> {
  for (;;) {
    try {
      return await show(on.client.resume({ actor }));
    } catch (error) {
      if (!(error instanceof CoordinatorError) || error.reason !== 'LEASE_HELD') throw error;
      say(`  Resume through ${on.name}: ${error.message}`);
      await delay(error.retryAfterMs ?? LEASE_TTL_MS);
    }
  }
}

async function untilRegistered({ client }: Replica, workers: number): Promise<void> {
  while ((await client.listWorkers('default')).length < workers) await delay(50);
}

const startedAtMs = performance.now();
say('Starting a replica with a private Redis and a node runtime with two workers (serve --dev) …');
const replica = await startReplica('replica-a', ['--dev']);
try {
  await untilRegistered(replica, 2);
  await showSuspendAndResume(replica);
  await showTakeover(replica);
  say(`\nDone in ${((performance.now() - startedAtMs) / 1000).toFixed(1)} s. Next: npm start, and the README.`);
} finally {
  replica.client.close();
  const gone = new Promise((resolve) => replica.process.once('exit', resolve));
  replica.process.kill('SIGTERM');
  await gone;
}

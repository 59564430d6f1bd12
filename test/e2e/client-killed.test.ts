// The client's iterable, while the replica behind it is killed, stopped or told
// to leave: real replica processes, and one Redis.

import { beforeEach, describe, expect, inject, it } from 'vitest';
import { ActorCoordinator } from '../../src/client/actor-coordinator.js';
import { startFakeNodeRuntime, takes, type FakeNodeRuntime } from '../fake-node-runtime.js';
import { uniquePrefix } from '../redis.js';
import { startReplica, type Replica } from '../replica.js';
import { atProgress, collect, expectTheWholeOnce, SUSPEND_STEPS } from '../whole.js';

const LEASE_TTL_MS = 2000;

let redisKeyPrefix: string;
beforeEach(() => {
  redisKeyPrefix = uniquePrefix();
});

interface Scene extends AsyncDisposable {
  readonly a: Replica;
  readonly b: Replica;
  readonly runtime: FakeNodeRuntime;
  /** Calls a first. */
  readonly coordinator: ActorCoordinator;
}

async function setUp(flags: readonly string[] = []): Promise<Scene> {
  const runtime = await startFakeNodeRuntime();
  const replica = (instanceId: string): Promise<Replica> =>
    startReplica({
      redisUrl: inject('redisUrl'),
      redisKeyPrefix,
      instanceId,
      flags: ['--lease-ttl', `${LEASE_TTL_MS}ms`, ...flags],
    });
  const [a, b] = await Promise.all([replica('replica-a'), replica('replica-b')]);
  const coordinator = new ActorCoordinator([a.address, b.address]);
  await coordinator.registerWorker({ pool: 'default', name: 'w' }, { runtimeAddress: runtime.address, node: 'n' });
  await coordinator.createActor('ns/a', { spec: { command: ['true'] } });
  return {
    a,
    b,
    runtime,
    coordinator,
    async [Symbol.asyncDispose]() {
      coordinator.close();
      await Promise.all([a[Symbol.asyncDispose](), b[Symbol.asyncDispose]()]);
      await runtime.close();
    },
  };
}

describe('an iterable of the client yields the whole workflow once, though its replica', () => {
  it('is killed in the middle of a restore of 5 s', async () => {
    await using scene = await setUp();
    const { a, runtime, coordinator } = scene;
    runtime.default('restore', takes(5000));
    const events = await collect(
      coordinator.resume('ns/a'),
      atProgress(2500, () => a.signal('SIGKILL')),
    );
    expectTheWholeOnce(events, 2);
    expect(events.at(-1)).toMatchObject({ actor: { state: 'RUNNING', worker: { name: 'w' } } });
    expect(await a.exited).toBe('SIGKILL');
    expect([...runtime.running.values()]).toEqual(['ns/a']);
    expect(runtime.violations).toEqual([]);
  });

  it('is killed, and nobody but the caller recovers what it leaves', async () => {
    await using scene = await setUp(['--recovery-attempts', '0']);
    const { a, runtime, coordinator } = scene;
    runtime.default('restore', takes(600));
    const events = await collect(
      coordinator.resume('ns/a'),
      atProgress(200, () => a.signal('SIGKILL')),
    );
    expectTheWholeOnce(events, 2);
    expect(events.at(-1)).toMatchObject({ actor: { state: 'RUNNING' } });
  });

  it('is killed in the middle of a checkpoint', async () => {
    await using scene = await setUp();
    const { a, runtime, coordinator } = scene;
    await coordinator.resume('ns/a').actor();
    runtime.default('checkpoint', takes(600));
    const events = await collect(
      coordinator.suspend('ns/a'),
      atProgress(200, () => a.signal('SIGKILL')),
    );
    expectTheWholeOnce(events, 2, SUSPEND_STEPS);
    expect(events.at(-1)).toMatchObject({ actor: { state: 'SUSPENDED', worker: undefined } });
    expect(runtime.running.size).toBe(0);
    expect(runtime.violations).toEqual([]);
  });

  it('is stopped, and keeps its connections open', async () => {
    await using scene = await setUp();
    const { a, runtime, coordinator } = scene;
    runtime.default('restore', takes(600));
    const events = await collect(
      coordinator.resume('ns/a'),
      atProgress(200, () => a.signal('SIGSTOP')),
    );
    expectTheWholeOnce(events, 2);
    expect(events.at(-1)).toMatchObject({ actor: { state: 'RUNNING' } });
    a.signal('SIGCONT');
  });

  it('shuts down in order, and cannot wait for it', async () => {
    await using scene = await setUp(['--drain-timeout', '100ms']);
    const { a, runtime, coordinator } = scene;
    runtime.default('restore', takes(800));
    const events = await collect(
      coordinator.resume('ns/a'),
      atProgress(200, () => a.signal('SIGTERM')),
    );
    expectTheWholeOnce(events, 2);
    expect(await a.exited).toBe(0);
  });

  it('and then the next one are killed, and one comes back', async () => {
    await using scene = await setUp();
    const { a, b, runtime, coordinator } = scene;
    // Longer than it takes to find out that the first one is dead.
    runtime.default('restore', takes(6000));
    const victims = new Map<string, Replica>();
    let successor: Promise<Replica> | undefined;
    const events = await collect(coordinator.resume('ns/a'), ({ workflowId, ...event }) => {
      if (event.type !== 'step_progress' || event.done < 200 || victims.has(workflowId) || victims.size === 2) return;
      const victim = victims.size === 0 ? a : b;
      victims.set(workflowId, victim);
      victim.signal('SIGKILL');
      if (victim === a) return;
      // Where the client looks for it.
      const flags = ['--lease-ttl', `${LEASE_TTL_MS}ms`, '--listen', a.address];
      successor = startReplica({ redisUrl: inject('redisUrl'), redisKeyPrefix, instanceId: 'replica-c', flags });
    });
    expectTheWholeOnce(events, 3);
    await (await successor)?.[Symbol.asyncDispose]();
  });
});

// Far more Resumes at once than a replica may run. Those that are too many are
// told so at once, and when to come again; those that were admitted finish; and
// everybody else is served meanwhile.

import type { ClientHttp2Session } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { actorWorkflowDefinition } from '../../src/rpc/proto.js';
import { startFakeNodeRuntime, type Behaviour, type FakeNodeRuntime } from '../fake-node-runtime.js';
import { callRaw, connectRaw, frame, type RawAnswer } from '../raw-grpc.js';
import { uniquePrefix } from '../redis.js';
import { startReplica, type Replica } from '../replica.js';
import { endure } from '../under-attack.js';

const MAX_WORKFLOWS = 1000;
const RESUMES = 20_000;
const CONNECTIONS = 4;
/** What it takes to refuse all of them on two busy cores; alone it is some seconds. */
const REFUSED_WITHIN_MS = 90_000;

let replica: Replica;
let runtime: FakeNodeRuntime;
let sessions: ClientHttp2Session[];
let finish: () => void;

beforeAll(async () => {
  replica = await startReplica({
    redisUrl: inject('redisUrl'),
    redisKeyPrefix: uniquePrefix(),
    instanceId: 'overloaded',
    flags: ['--max-workflows', String(MAX_WORKFLOWS), '--drain-timeout', '1s'],
  });
  runtime = await startFakeNodeRuntime();
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const untilFinished: Behaviour = (_call, signal) =>
    Promise.race([
      finished,
      new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
    ]);
  runtime.default('restore', untilFinished);
  for (let at = 0; at < MAX_WORKFLOWS; at += 50) {
    await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const worker = { pool: 'default', name: `w${at + index}` };
        await replica.client.registerWorker({ worker, runtime_address: runtime.address, node: 'n' });
        await replica.client.createActor({ actor: { namespace: 'ns', name: `a${at + index}` } });
      }),
    );
  }
  sessions = await Promise.all(Array.from({ length: CONNECTIONS }, () => connectRaw(replica.address)));
}, 60_000);

afterAll(async () => {
  for (const session of sessions) session.destroy();
  await replica[Symbol.asyncDispose]();
  await runtime.close();
});

function resume(index: number): Promise<RawAnswer> {
  const session = sessions[index % CONNECTIONS];
  if (session === undefined) throw new Error('no session');
  const actor = { namespace: 'ns', name: `a${index % MAX_WORKFLOWS}` };
  const request = frame(actorWorkflowDefinition.Resume.requestSerialize({ actor }));
  return callRaw(session, actorWorkflowDefinition.Resume.path, request, { withinMs: REFUSED_WITHIN_MS });
}

it(
  `of ${RESUMES} Resumes at once, ${MAX_WORKFLOWS} are admitted and finish, and the others are refused`,
  { timeout: 180_000 },
  async () => {
    const { result } = await endure(replica, { namespace: 'ns', name: 'a0' }, async () => {
      const admitted: Promise<RawAnswer>[] = [];
      // A few at a time: too much at once is refused as well, by how late the event loop is.
      for (let at = 0; at < MAX_WORKFLOWS; at += 50) {
        for (let index = at; index < at + 50; index += 1) admitted.push(resume(index));
        while (runtime.calls.length < at + 50) await sleep(5);
      }
      const refused = await Promise.all(
        Array.from({ length: RESUMES - MAX_WORKFLOWS }, (_, index) => resume(MAX_WORKFLOWS + index)),
      );
      const atOnce = runtime.calls.length;
      finish();
      return { refused, atOnce, admitted: await Promise.all(admitted) };
    });
    expect(result.atOnce).toBe(MAX_WORKFLOWS);
    const odd = result.refused.filter(
      ({ code, details }) =>
        code !== 'RESOURCE_EXHAUSTED' || details?.reason !== 'OVERLOADED' || !((details.retryAfterMs ?? 0) > 0),
    );
    expect(odd).toEqual([]);
    expect(result.admitted.filter(({ code }) => code !== 'OK')).toEqual([]);
    expect(runtime.running.size).toBe(MAX_WORKFLOWS);
    expect(runtime.violations).toEqual([]);
  },
);

it('and none is left when it is over: it stops at once', async () => {
  const fromMs = performance.now();
  replica.signal('SIGTERM');
  expect(await replica.exited).toBe(0);
  expect(performance.now() - fromMs).toBeLessThan(5000);
});

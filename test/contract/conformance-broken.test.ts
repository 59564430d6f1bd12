// Each way in which a runtime can break its contract is found by the check that
// is meant for it, and by no other: so what is told is the cause.

import { setMaxListeners } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { CHECKS } from '../../src/conformance/checks.js';
import { nodeRuntimeService } from '../../src/rpc/node-runtime-service.js';
import { nodeRuntimeDefinition } from '../../src/rpc/proto.js';
import { startServer, type RunningServer } from '../../src/rpc/server.js';
import { BREAKAGES, type Breakage } from '../breakages.js';
import { conform, describeConformance, type ServedRuntime } from '../conformance.js';
import { MODEL_WORKERS, ModelRuntime } from '../model-runtime.js';

/** Ten times faster than by default: the model has no processes to wait for. */
const PACE_MS = 100;

async function serve(breakage: Breakage = { what: 'keeps it', fails: [] }): Promise<ServedRuntime> {
  const directory = await mkdtemp(join(tmpdir(), 'model-runtime-'));
  const snapshots = join(directory, 'snapshots');
  const model = new ModelRuntime();
  const runtime = {
    restore: model.restore,
    checkpoint: model.checkpoint,
    stop: model.stop,
    ...breakage.wrap?.(model, model),
  };
  const closing = new AbortController();
  setMaxListeners(0, closing.signal);
  const onUnexpected = (error: unknown): void => console.error(error);
  const deps = { clock: systemClock, onUnexpected, closing: closing.signal };
  const inner = nodeRuntimeService(runtime, deps);
  const services = [{ definition: nodeRuntimeDefinition, handlers: { ...inner, ...breakage.serve?.(inner) } }];
  const listen = (): Promise<RunningServer> =>
    startServer({ listen: ['127.0.0.1:0'], services, socketMode: 0o600, clock: systemClock, maxWork: 100 });
  let server = await listen();
  const proxy = breakage.deafProxy === true ? await startDeafProxy(() => server.addresses[0] ?? '') : undefined;
  return {
    get address() {
      return proxy?.address ?? server.addresses[0] ?? '';
    },
    workers: MODEL_WORKERS,
    spec: { command: ['counts'], env: {}, image: '' },
    snapshotLocation: pathToFileURL(snapshots).href,
    paceMs: PACE_MS,
    restart: async () => {
      await server.close(1_000);
      await model.restart();
      await breakage.restarted?.(model, snapshots);
      server = await listen();
      return proxy?.address ?? server.addresses[0] ?? '';
    },
    close: async () => {
      proxy?.close();
      await model.close();
      await server.close(1_000);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Hands on everything but the end of a connection. */
async function startDeafProxy(target: () => string): Promise<{ readonly address: string; close(): void }> {
  const sockets: Socket[] = [];
  const server = createServer((near) => {
    const far = connect({ port: Number(target().split(':')[1]), host: '127.0.0.1' });
    sockets.push(near, far);
    near.pipe(far, { end: false });
    far.pipe(near, { end: false });
    for (const socket of [near, far]) socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

describeConformance('the model runtime', () => serve());

describe.concurrent('a runtime that', () => {
  test.each(BREAKAGES)('$what fails $fails', { timeout: 60_000 }, async (breakage) => {
    const served = await serve(breakage);
    try {
      const results = await conform(served);
      const failed = results.filter(({ outcome }) => outcome === 'failed');
      expect(failed.map(({ check, expected, got }) => `${check.id}: ${expected}; got ${got}`)).toEqual(
        breakage.fails.map((id) => expect.stringMatching(new RegExp(`^${id}: `)) as string),
      );
    } finally {
      await served.close();
    }
  });

  test('breaks any sentence is found by some check', () => {
    const found = new Set(BREAKAGES.flatMap(({ fails }) => fails));
    expect(CHECKS.map(({ id }) => id).filter((id) => !found.has(id))).toEqual([]);
  });
});

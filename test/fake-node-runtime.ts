// A node runtime that does as it is told, over real gRPC, with as many workers
// as calls name. It keeps the promises of node_runtime.proto: it fences, a call
// with a greater token ends the older ones, a repeated call succeeds at once, a
// cancelled one leaves `running` as it was. What the coordinator must never
// bring about is put down in `violations`. Nothing of it survives `close`, which
// is like the node's death.

import { Server, ServerCredentials } from '@grpc/grpc-js';
import { setMaxListeners } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { sleep, systemClock } from '../src/clock.js';
import { CoordinatorError } from '../src/errors.js';
import { nodeRuntimeService } from '../src/rpc/node-runtime-service.js';
import { nodeRuntimeDefinition } from '../src/rpc/proto.js';
import { FakeRuntimeState, succeed, type Behaviour, type CallName, type FakeCall } from './fake-runtime-state.js';

export { succeed, type Behaviour, type CallName, type FakeCall };

export interface FakeNodeRuntimeOptions {
  /** Default: one that is free. */
  readonly port?: number;
  /** Where every restored actor serves. */
  readonly actorAddress?: string;
}

export interface FakeNodeRuntime {
  /** A gRPC target, as it is registered with a worker. */
  readonly address: string;
  readonly port: number;
  /** In the order of their arrival. */
  readonly calls: readonly FakeCall[];
  /** Which actor runs on which worker: `pool/name` → `namespace/name`. A test that removes one plays a crash. */
  readonly running: Map<string, string>;
  /** What each place for a snapshot holds, by URI. */
  readonly snapshots: ReadonlyMap<string, 'incomplete' | 'complete'>;
  /** The highest token seen, by actor. */
  readonly fencing: ReadonlyMap<string, number>;
  readonly violations: readonly string[];
  /** What the next calls of that name do, one each. A call that finds its work done, or is fenced off, uses up none. */
  next(name: CallName, ...behaviours: Behaviour[]): void;
  /** What they do when `next` says nothing; at first, succeed. */
  default(name: CallName, behaviour: Behaviour): void;
  /** The next call of that name that arrives from now on. */
  nextCall(name: CallName): Promise<FakeCall>;
  breakConnections(): void;
  /** Cuts everything off. Again: nothing. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Goes on until it is cancelled. */
export const hang: Behaviour = (_call, signal) =>
  new Promise((_resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });

/** Takes that long, in milliseconds, with progress every 100 ms; ends at once when cancelled. */
export function takes(ms: number): Behaviour {
  return async (_call, signal, report) => {
    const untilMs = systemClock.nowMs() + ms;
    for (;;) {
      const leftMs = untilMs - systemClock.nowMs();
      if (leftMs <= 0) return;
      report({ phase: 'unpack', done: Math.round(ms - leftMs), total: ms, unit: 'ms', message: '' });
      await sleep(systemClock, Math.min(100, leftMs), signal);
    }
  };
}

/** Answers with an error of its own, `code` being a canonical name such as `DATA_LOSS`: nothing was done. */
export function refuse(code: string, message: string): Behaviour {
  return () => {
    throw new CoordinatorError('RUNTIME_FAILED', message, { runtimeCode: code });
  };
}

/** The connection breaks in the middle of the work, which is undone. */
export const breakConnection: Behaviour = (call, signal, report, wire) => {
  wire.breakConnections();
  return hang(call, signal, report, wire);
};

/** The work is done, but the connection breaks before anybody is told. */
export const loseReply: Behaviour = (call, signal, report, wire) => {
  wire.applyEffect();
  return breakConnection(call, signal, report, wire);
};

export async function startFakeNodeRuntime(options: FakeNodeRuntimeOptions = {}): Promise<FakeNodeRuntime> {
  const sockets = new Set<Socket>();
  const breakConnections = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  const state = new FakeRuntimeState(options.actorAddress ?? '127.0.0.1:8080', breakConnections);
  const server = new Server();
  const onUnexpected = (error: unknown, path: string): void => {
    state.violations.push(`${path} ended with an error that is not of the closed set: ${String(error)}`);
  };
  const closing = new AbortController().signal;
  // One listener for each call under way.
  setMaxListeners(0, closing);
  const deps = { clock: systemClock, onUnexpected, closing };
  server.addService(nodeRuntimeDefinition, { ...nodeRuntimeService(state, deps) });
  // The sockets are ours, so that they can be broken.
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const listener = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    injector.injectConnection(socket);
  });
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject);
    listener.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = listener.address() as AddressInfo;

  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= new Promise((resolve) => {
      listener.close(() => resolve());
      breakConnections();
      server.forceShutdown();
    });
    return closed;
  };
  return {
    address: `dns:///127.0.0.1:${port}`,
    port,
    calls: state.calls,
    running: state.running,
    snapshots: state.snapshots,
    fencing: state.fencing,
    violations: state.violations,
    next: (name, ...behaviours) => state.script[name].push(...behaviours),
    default: (name, behaviour) => (state.defaults[name] = behaviour),
    nextCall: (name) => new Promise((resolve) => state.waiting[name].push(resolve)),
    breakConnections,
    close,
    [Symbol.asyncDispose]: close,
  };
}

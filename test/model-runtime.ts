// A node runtime that keeps its contract and is easy to break: its actors are
// objects that count in memory and answer over HTTP as the programs of the
// conformance suite do, its snapshots are two small files. It fences and joins
// with the parts of the real ones. Its actors outlive a restart, also the paused
// ones.

import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatRef, type ActorRef, type Snapshot, type WorkerRef } from '../src/actor/actor.js';
import { sleep, systemClock } from '../src/clock.js';
import { CoordinatorError } from '../src/errors.js';
import type { NodeRuntime, ReportProgress, RestoreCall, RuntimeCall } from '../src/runtime/node-runtime.js';
import { runtimeFailed } from '../src/runtime/places/failure.js';
import { InFlight, occupied } from '../src/runtime/places/in-flight.js';

export const MODEL_WORKERS: readonly WorkerRef[] = [
  { pool: 'default', name: 'w-0' },
  { pool: 'default', name: 'w-1' },
];

export interface State {
  readonly actor: string;
  readonly count: number;
  readonly ballast: string;
}

export interface ModelActor {
  readonly ref: ActorRef;
  readonly env: Readonly<Record<string, string>>;
  readonly id: string;
  readonly server: Server;
  readonly address: string;
  readonly ballast: string;
  /** What it was restored from; two calls of one origin ask for the same. */
  origin: string;
  count: number;
  token: number;
  /** Undefined while it is paused. */
  worker: string | undefined;
  /** The LOCAL snapshot that it is, or was thawed from. */
  local: string;
  /** Until then it answers nobody, on the monotonic clock. */
  answersAtMs: number;
}

const silent: ReportProgress = () => undefined;

export class ModelRuntime implements NodeRuntime {
  readonly actors = new Map<string, ModelActor>();
  readonly tokens = new Map<string, number>();
  #inFlight = new InFlight();
  readonly #lost: ModelActor[] = [];

  readonly restore: NodeRuntime['restore'] = async (call, report, signal) => {
    const worker = known(call.worker);
    const actor = formatRef(call.actor);
    const address = await this.#run('restore', call, true, report, signal, async (tell, cancelled) => {
      const there = this.actors.get(actor);
      if (there?.worker === worker && there.origin === originOf(call)) {
        there.token = call.fencingToken;
        return there.address;
      }
      const { snapshot } = call;
      const local = snapshot?.location === 'LOCAL' ? snapshot.uri : '';
      if (local !== '' && there?.local !== local) throw runtimeFailed('DATA_LOSS', `${local} is not here`);
      this.#vacate(worker, call);
      if (there !== undefined && local !== '') {
        Object.assign(there, { worker, origin: originOf(call), token: call.fencingToken });
        return there.address;
      }
      if (there !== undefined) this.end(there);
      const state = snapshot === undefined ? undefined : await readState(snapshot);
      const startMs = Number(call.spec.env['START_MS'] ?? 0);
      for (const done of [0, 1, 2]) {
        tell({ phase: 'start', done, total: 2, unit: '', message: '' });
        await sleep(systemClock, startMs / 3, cancelled);
      }
      return (await this.#start(call, worker, state)).address;
    });
    return { address };
  };

  readonly checkpoint: NodeRuntime['checkpoint'] = async (call, report, signal) => {
    const { snapshot, worker: ref } = call;
    const actor = formatRef(call.actor);
    const worker = this.at(call)?.worker === undefined ? formatWorker(ref) : known(ref);
    if (this.at(call) === undefined) known(ref);
    const sizeBytes = await this.#run('checkpoint', call, false, report, signal, async (tell, cancelled) => {
      const there = this.at(call);
      if (snapshot.location === 'LOCAL') {
        if (there === undefined) throw runtimeFailed('NOT_FOUND', `${worker} does not run ${actor}`);
        Object.assign(there, { worker: undefined, local: snapshot.uri });
        return 0;
      }
      if (there === undefined) {
        const state = await readState(snapshot).catch(() => undefined);
        if (state?.actor === actor) return JSON.stringify(state).length;
        throw runtimeFailed('NOT_FOUND', `${worker} does not run ${actor}`);
      }
      tell({ phase: 'stop', done: 0, total: 0, unit: '', message: '' });
      await sleep(systemClock, Number(there.env['STOP_MS'] ?? 0), cancelled);
      const size = await writeState(snapshot, { actor, count: there.count, ballast: there.ballast });
      this.end(there);
      return size;
    });
    return { sizeBytes };
  };

  readonly stop: NodeRuntime['stop'] = async (call, signal) => {
    const stopped = await this.#run('stop', call, false, silent, signal, () => {
      const there = this.at(call);
      if (there !== undefined) this.end(there);
      return Promise.resolve(there !== undefined);
    });
    return { stopped };
  };

  /** Cancels what is under way, and forgets nothing. */
  async restart(): Promise<void> {
    await this.#inFlight.close(new CoordinatorError('RUNTIME_UNAVAILABLE', 'restarts', { maybeDone: true }));
    this.#inFlight = new InFlight();
  }

  end(there: ModelActor): void {
    there.server.close();
    there.server.closeAllConnections();
    if (this.actors.get(formatRef(there.ref)) === there) this.actors.delete(formatRef(there.ref));
  }

  /** It goes on, and no call finds it any more. */
  lose(there: ModelActor): void {
    this.actors.delete(formatRef(there.ref));
    this.#lost.push(there);
  }

  async close(): Promise<void> {
    await this.restart();
    for (const there of [...this.actors.values(), ...this.#lost]) this.end(there);
  }

  /** What a call on that worker means: the actor there, or one that is paused. */
  at(call: RuntimeCall): ModelActor | undefined {
    const there = this.actors.get(formatRef(call.actor));
    return there?.worker === undefined || there.worker === formatWorker(call.worker) ? there : undefined;
  }

  #vacate(worker: string, { actor, fencingToken }: RestoreCall): void {
    for (const there of [...this.actors.values()]) {
      if (there.worker !== worker || formatRef(there.ref) === formatRef(actor)) continue;
      if (there.token >= fencingToken) throw occupied(worker, formatRef(there.ref), there.token);
      this.end(there);
    }
  }

  async #start(call: RestoreCall, worker: string, state: State | undefined): Promise<ModelActor> {
    const { actor: ref, spec, fencingToken: token } = call;
    const server = createServer((request, response) => {
      if (there.worker === undefined || performance.now() < there.answersAtMs) return void request.socket.destroy();
      if (request.method === 'POST') there.count += 1;
      const { count, id } = there;
      const ballast = createHash('sha256').update(there.ballast).digest('hex');
      response.end(JSON.stringify({ count, id, echo: spec.env['ECHO'] ?? '', ballast }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const there: ModelActor = {
      ...{ ref, env: spec.env, server, token, worker, local: '', origin: originOf(call), answersAtMs: 0 },
      id: randomBytes(8).toString('hex'),
      address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
      count: state?.count ?? 0,
      ballast: state?.ballast ?? randomBytes(2048).toString('hex'),
    };
    this.actors.set(formatRef(ref), there);
    return there;
  }

  async #run<T>(
    name: string,
    call: RuntimeCall & { readonly snapshot?: Snapshot },
    takesWorker: boolean,
    report: ReportProgress,
    signal: AbortSignal,
    work: (report: ReportProgress, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const actor = formatRef(call.actor);
    const worker = formatWorker(call.worker);
    const { fencingToken } = call;
    const refuse = (): void => {
      const highest = this.tokens.get(actor) ?? 0;
      if (fencingToken < highest) throw new CoordinatorError('STALE_FENCING_TOKEN', `has seen ${highest}`);
      this.tokens.set(actor, fencingToken);
    };
    const usesWorker = (): boolean => takesWorker || this.actors.get(actor)?.worker === worker;
    const identity = JSON.stringify([name, worker, call.snapshot?.uri ?? '']);
    const exclusive = { actor, worker, fencingToken, identity, takesWorker, usesWorker };
    return await this.#inFlight.run(exclusive, refuse, report, signal, work);
  }
}

function known(worker: WorkerRef): string {
  const name = formatWorker(worker);
  if (MODEL_WORKERS.map(formatWorker).includes(name)) return name;
  throw runtimeFailed('FAILED_PRECONDITION', `no worker ${name}`);
}

export function formatWorker({ pool, name }: WorkerRef): string {
  return `${pool}/${name}`;
}

function originOf({ snapshot, spec }: RestoreCall): string {
  return JSON.stringify([snapshot?.uri ?? '', spec.env]);
}

export async function writeState(snapshot: Snapshot, state: State): Promise<number> {
  const directory = fileURLToPath(snapshot.uri);
  await mkdir(directory, { recursive: true });
  const text = JSON.stringify(state);
  await writeFile(join(directory, 'state.json'), text);
  await writeFile(join(directory, 'whole'), createHash('sha256').update(text).digest('hex'));
  return text.length;
}

async function readState(snapshot: Snapshot): Promise<State> {
  const directory = fileURLToPath(snapshot.uri);
  try {
    const text = await readFile(join(directory, 'state.json'), 'utf8');
    const sum = await readFile(join(directory, 'whole'), 'utf8');
    if (createHash('sha256').update(text).digest('hex') === sum) return JSON.parse(text) as State;
  } catch {
    // Missing: as good as torn.
  }
  throw runtimeFailed('DATA_LOSS', `${directory} has no whole snapshot`);
}

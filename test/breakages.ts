// The ways in which a node runtime can break its contract, each as a wrapper
// around the one of model-runtime.ts, and the check that is to find it.

import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatRef, type Snapshot, type WorkloadSpec } from '../src/actor/actor.js';
import { CoordinatorError } from '../src/errors.js';
import type { NodeRuntimeHandlers } from '../src/generated/actorworkflow/v1/NodeRuntime.js';
import type { NodeRuntime, ReportProgress, RestoreCall, RuntimeCall } from '../src/runtime/node-runtime.js';
import { runtimeFailed } from '../src/runtime/places/failure.js';
import { formatWorker, writeState, type ModelActor, type ModelRuntime, type State } from './model-runtime.js';

export interface Breakage {
  /** What it does wrong, after "a runtime that". */
  readonly what: string;
  /** The checks that fail; those that build on them are skipped, and all others pass. */
  readonly fails: readonly string[];
  /** The calls that it does in another way. */
  readonly wrap?: (inner: NodeRuntime, model: ModelRuntime) => Partial<NodeRuntime>;
  readonly serve?: (inner: NodeRuntimeHandlers) => Partial<NodeRuntimeHandlers>;
  /** Called when it has been restarted. */
  readonly restarted?: (model: ModelRuntime, snapshots: string) => Promise<void> | void;
  /** Served behind a proxy that does not hand on the end of a connection. */
  readonly deafProxy?: true;
}

const never = new AbortController().signal;

const there = (model: ModelRuntime, { actor }: RuntimeCall): ModelActor | undefined =>
  model.actors.get(formatRef(actor));
const isOn = (model: ModelRuntime, call: RuntimeCall): boolean =>
  there(model, call)?.worker === formatWorker(call.worker);
const isPaused = (actor: ModelActor | undefined): boolean => actor !== undefined && actor.worker === undefined;
const isLocal = ({ snapshot }: { readonly snapshot?: Snapshot }): boolean => snapshot?.location === 'LOCAL';
const seen = (model: ModelRuntime, { actor }: RuntimeCall): number => model.tokens.get(formatRef(actor)) ?? 0;
const isStale = (model: ModelRuntime, call: RuntimeCall): boolean => call.fencingToken < seen(model, call);
const raised = <Call extends RuntimeCall>(model: ModelRuntime, call: Call): Call => ({
  ...call,
  fencingToken: Math.max(call.fencingToken, seen(model, call)),
});
/** Another actor than the call's that holds its worker. */
const holder = (model: ModelRuntime, { actor, worker }: RuntimeCall): ModelActor | undefined =>
  [...model.actors.values()].find(
    ({ ref, worker: on }) => on === formatWorker(worker) && formatRef(ref) !== formatRef(actor),
  );
const codeOf = (error: unknown): string | undefined => (error as CoordinatorError).runtimeCode;
const withoutSnapshot = ({ snapshot: _snapshot, ...call }: RestoreCall): RestoreCall => call;
const stateOf = ({ ref, count, ballast }: ModelActor): State => ({ actor: formatRef(ref), count, ballast });
const withoutEnv = (spec: WorkloadSpec, name: string): WorkloadSpec => {
  return { ...spec, env: Object.fromEntries(Object.entries(spec.env).filter(([key]) => key !== name)) };
};

/** Refuses what is under way already rather than joining it. */
function refuseSecond<Call extends RuntimeCall, Result>(
  inner: (call: Call, report: ReportProgress, signal: AbortSignal) => Promise<Result>,
): (call: Call, report: ReportProgress, signal: AbortSignal) => Promise<Result> {
  const under = new Set<string>();
  return async (call, report, signal) => {
    const key = `${formatRef(call.actor)} ${call.fencingToken}`;
    if (under.has(key)) throw runtimeFailed('ABORTED', 'such a call is under way');
    under.add(key);
    return await inner(call, report, signal).finally(() => under.delete(key));
  };
}

/** What a damaged snapshot has of a state that can be read. */
async function readable(snapshot: Snapshot | undefined): Promise<State | undefined> {
  const path = join(fileURLToPath(snapshot?.uri ?? ''), 'state.json');
  return await readFile(path, 'utf8')
    .then((text) => JSON.parse(text) as State)
    .catch(() => undefined);
}

const start: readonly Breakage[] = [
  {
    what: 'ends a Restore with OK and no result',
    fails: ['restore/starts'],
    serve: (inner) => ({
      Restore: (call) => {
        const write = call.write.bind(call) as (event: unknown) => boolean;
        call.write = (event: unknown): boolean => {
          const { restored } = event as { restored?: unknown };
          return restored === undefined ? write(event) : true;
        };
        inner.Restore(call);
      },
    }),
  },
  {
    what: 'answers before the actor is ready',
    fails: ['restore/ready'],
    wrap: (inner, model) => ({
      restore: async (call, report, signal) => {
        const ready = performance.now() + Number(call.spec.env['START_MS'] ?? 0);
        const restored = await inner.restore({ ...call, spec: withoutEnv(call.spec, 'START_MS') }, report, signal);
        Object.assign(there(model, call) ?? {}, { answersAtMs: ready });
        return restored;
      },
    }),
  },
  {
    what: 'does not hand on the environment',
    fails: ['restore/spec'],
    wrap: (inner) => ({
      restore: (call, ...rest) => inner.restore({ ...call, spec: withoutEnv(call.spec, 'ECHO') }, ...rest),
    }),
  },
  {
    what: 'takes no large specs',
    fails: ['restore/limits'],
    wrap: (inner) => ({
      restore: (call, ...rest) => {
        if (JSON.stringify(call.spec).length > 32_768) throw runtimeFailed('RESOURCE_EXHAUSTED', 'too large');
        return inner.restore(call, ...rest);
      },
    }),
  },
  {
    what: 'boots from a snapshot where none is named',
    fails: ['restore/fresh'],
    wrap: (inner) => {
      const latest = new Map<string, Snapshot>();
      return {
        restore: (call, ...rest) => {
          const snapshot = call.snapshot ?? latest.get(formatRef(call.actor));
          return inner.restore(snapshot === undefined ? call : { ...call, snapshot }, ...rest);
        },
        checkpoint: async (call, ...rest) => {
          const result = await inner.checkpoint(call, ...rest);
          if (!isLocal(call)) latest.set(formatRef(call.actor), call.snapshot);
          return result;
        },
      };
    },
  },
  {
    what: 'leaves what runs, whatever it is asked for',
    fails: ['restore/replaces'],
    wrap: (inner, model) => ({
      restore: (call, ...rest) => {
        const running = isOn(model, call) && !isStale(model, call) ? there(model, call) : undefined;
        if (running === undefined) return inner.restore(call, ...rest);
        return Promise.resolve({ address: running.address });
      },
    }),
  },
  {
    what: 'takes a request without an actor',
    fails: ['arguments/actor'],
    serve: (inner) => withDefault(inner, { actor: { namespace: 'default', name: 'x' } }),
  },
  {
    what: 'takes a request without a worker',
    fails: ['arguments/worker'],
    serve: (inner) => withDefault(inner, { worker: { pool: 'default', name: 'w-0' } }),
  },
  {
    what: 'takes a request without a token',
    fails: ['arguments/fencing-token'],
    serve: (inner) => withDefault(inner, { fencing_token: '1' }),
  },
];

type Request = Readonly<Record<string, unknown>>;

/** Fills in what a request leaves out. */
function withDefault(inner: NodeRuntimeHandlers, defaults: Request): Partial<NodeRuntimeHandlers> {
  const fill = (request: object): void => {
    for (const [field, value] of Object.entries(defaults)) {
      const got: unknown = Reflect.get(request, field);
      if (got === null || got === '0') Reflect.set(request, field, value);
    }
  };
  return {
    Restore: (call) => {
      fill(call.request);
      inner.Restore(call);
    },
    Checkpoint: (call) => {
      fill(call.request);
      inner.Checkpoint(call);
    },
    Stop: (call, callback) => {
      fill(call.request);
      inner.Stop(call, callback);
    },
  };
}

const fencing: readonly Breakage[] = [
  {
    what: 'lets a Restore with a lower token through',
    fails: ['fencing/restore'],
    wrap: (inner, model) => ({
      restore: (call, ...rest) => inner.restore(isLocal(call) ? call : raised(model, call), ...rest),
    }),
  },
  {
    what: 'lets a Checkpoint with a lower token through',
    fails: ['fencing/checkpoint'],
    wrap: (inner, model) => ({ checkpoint: (call, ...rest) => inner.checkpoint(raised(model, call), ...rest) }),
  },
  {
    what: 'lets a Stop with a lower token through',
    fails: ['fencing/stop'],
    wrap: (inner, model) => ({ stop: (call, signal) => inner.stop(raised(model, call), signal) }),
  },
  {
    what: 'refuses a lower token without saying why',
    fails: ['fencing/restore', 'fencing/checkpoint', 'fencing/stop', 'fencing/supersedes'],
    wrap: (inner) => {
      const plain = async <T>(call: Promise<T>): Promise<T> =>
        await call.catch((error: unknown) => {
          if ((error as CoordinatorError).reason !== 'STALE_FENCING_TOKEN') throw error;
          throw runtimeFailed('FAILED_PRECONDITION', 'no');
        });
      return {
        restore: (...args) => plain(inner.restore(...args)),
        checkpoint: (...args) => plain(inner.checkpoint(...args)),
        stop: (...args) => plain(inner.stop(...args)),
      };
    },
  },
  {
    what: 'has one highest token for all actors',
    fails: ['fencing/per-actor'],
    wrap: (inner, model) => {
      const check = (call: RuntimeCall): void => {
        const highest = Math.max(0, ...model.tokens.values());
        if (call.fencingToken < highest) throw new CoordinatorError('STALE_FENCING_TOKEN', `has seen ${highest}`);
      };
      return {
        restore: async (call, ...rest) => (check(call), await inner.restore(call, ...rest)),
        checkpoint: async (call, ...rest) => (check(call), await inner.checkpoint(call, ...rest)),
        stop: async (call, signal) => (check(call), await inner.stop(call, signal)),
      };
    },
  },
  {
    what: 'does not count the token of a call that it refuses',
    fails: ['fencing/counts-when-seen'],
    wrap: (inner, model) => ({
      checkpoint: async (call, ...rest) => {
        const before = seen(model, call);
        return await inner.checkpoint(call, ...rest).catch((error: unknown) => {
          if (codeOf(error) === 'NOT_FOUND') model.tokens.set(formatRef(call.actor), before);
          throw error;
        });
      },
    }),
  },
  {
    what: 'lets a greater token wait for the older call',
    fails: ['fencing/supersedes'],
    wrap: (inner) => {
      const older = new Map<string, { readonly token: number; readonly done: Promise<unknown> }>();
      return {
        restore: async (call, ...rest) => {
          const actor = formatRef(call.actor);
          const before = older.get(actor);
          if (before !== undefined && before.token < call.fencingToken) await before.done;
          const work = inner.restore(call, ...rest);
          const done = work.catch(() => undefined).finally(() => older.delete(actor));
          older.set(actor, { token: call.fencingToken, done });
          return await work;
        },
      };
    },
  },
  {
    what: 'forgets its tokens when it restarts',
    fails: ['fencing/restart'],
    restarted: (model) => model.tokens.clear(),
  },
];

const stop: readonly Breakage[] = [
  {
    what: 'says that it has stopped an actor, and has not',
    fails: ['stop/stops'],
    wrap: (inner, model) => ({
      stop: async (call, signal) =>
        isStale(model, call) ? await inner.stop(call, signal) : { stopped: model.at(call) !== undefined },
    }),
  },
  {
    what: 'stops an actor, and says that there was none',
    fails: ['stop/stops'],
    wrap: (inner) => ({ stop: async (...args) => (await inner.stop(...args), { stopped: false }) }),
  },
  {
    what: 'says that it has stopped what was not there',
    fails: ['stop/nothing-left'],
    wrap: (inner) => ({ stop: async (...args) => (await inner.stop(...args), { stopped: true }) }),
  },
  {
    what: 'refuses to stop what is not there',
    fails: ['stop/nothing-left'],
    wrap: (inner) => ({
      stop: async (...args) => {
        const result = await inner.stop(...args);
        if (!result.stopped) throw runtimeFailed('NOT_FOUND', 'nothing to stop');
        return result;
      },
    }),
  },
  {
    what: 'lets a Stop wait for the Restore under way',
    fails: ['stop/ends-restore'],
    wrap: (inner) => {
      const under = new Map<string, Promise<unknown>>();
      return {
        restore: async (call, ...rest) => {
          const work = inner.restore(call, ...rest);
          under.set(
            formatRef(call.actor),
            work.catch(() => undefined),
          );
          return await work;
        },
        stop: async (call, signal) => {
          await under.get(formatRef(call.actor));
          return await inner.stop(call, signal);
        },
      };
    },
  },
];

const snapshots: readonly Breakage[] = [
  {
    what: 'writes a snapshot without the state',
    fails: ['snapshots/keeps-state'],
    wrap: (inner, model) => ({
      checkpoint: (call, ...rest) => {
        if (!isLocal(call)) Object.assign(there(model, call) ?? {}, { count: 0 });
        return inner.checkpoint(call, ...rest);
      },
    }),
  },
  {
    what: 'leaves the actor running after a Checkpoint',
    fails: ['snapshots/stops-actor'],
    wrap: (inner, model) => ({
      checkpoint: async (call, ...rest) => {
        const running = there(model, call);
        if (running === undefined || isPaused(running) || isLocal(call) || !isOn(model, call) || isStale(model, call)) {
          return await inner.checkpoint(call, ...rest);
        }
        model.tokens.set(formatRef(call.actor), call.fencingToken);
        return { sizeBytes: await writeState(call.snapshot, stateOf(running)) };
      },
    }),
  },
  {
    what: 'says something else than NOT_FOUND of an actor that it does not run',
    fails: ['snapshots/not-running'],
    wrap: (inner) => ({
      checkpoint: (...args) =>
        inner.checkpoint(...args).catch((error: unknown) => {
          throw codeOf(error) === 'NOT_FOUND' ? runtimeFailed('INTERNAL', 'not here') : error;
        }),
    }),
  },
  {
    what: 'makes an empty snapshot of an actor that it does not run',
    fails: ['snapshots/not-running'],
    wrap: (inner) => ({
      checkpoint: (call, ...rest) =>
        inner.checkpoint(call, ...rest).catch(async (error: unknown) => {
          if (codeOf(error) !== 'NOT_FOUND' || isLocal(call)) throw error;
          return { sizeBytes: await writeState(call.snapshot, { actor: 'none', count: 0, ballast: '' }) };
        }),
    }),
  },
  {
    what: 'boots where the snapshot is missing',
    fails: ['snapshots/missing'],
    wrap: (inner) => ({
      restore: (call, ...rest) =>
        inner.restore(call, ...rest).catch(async (error: unknown) => {
          if (codeOf(error) !== 'DATA_LOSS' || isLocal(call)) throw error;
          const found = await readdir(fileURLToPath(call.snapshot?.uri ?? '')).catch(() => undefined);
          if (found !== undefined) throw error;
          return await inner.restore(withoutSnapshot(call), ...rest);
        }),
    }),
  },
  {
    what: 'boots where the snapshot is torn',
    fails: ['snapshots/torn'],
    wrap: (inner) => ({
      restore: (call, ...rest) =>
        inner.restore(call, ...rest).catch(async (error: unknown) => {
          if (codeOf(error) !== 'DATA_LOSS' || isLocal(call) || (await readable(call.snapshot)) !== undefined) {
            throw error;
          }
          const found = await readdir(fileURLToPath(call.snapshot?.uri ?? '')).catch(() => undefined);
          if (found === undefined) throw error;
          return await inner.restore(withoutSnapshot(call), ...rest);
        }),
    }),
  },
  {
    what: 'believes what it can read of a snapshot',
    fails: ['snapshots/altered'],
    wrap: (inner) => ({
      restore: (call, ...rest) =>
        inner.restore(call, ...rest).catch(async (error: unknown) => {
          if (codeOf(error) !== 'DATA_LOSS' || isLocal(call) || call.snapshot === undefined) throw error;
          const state = await readable(call.snapshot);
          if (state === undefined) throw error;
          await writeState(call.snapshot, state);
          return await inner.restore(call, ...rest);
        }),
    }),
  },
  {
    what: 'loses its snapshots when it restarts',
    fails: ['restart/snapshots'],
    restarted: (_model, directory) => rm(directory, { recursive: true, force: true }),
  },
  {
    what: 'loses the state of its actors when it restarts, and goes on as if nothing were',
    fails: ['restart/honest'],
    restarted: (model) => {
      for (const actor of model.actors.values()) actor.count = 0;
    },
  },
];

const repetition: readonly Breakage[] = [
  {
    what: 'starts the actor again when a Restore is repeated',
    fails: ['repetition/restore'],
    wrap: (inner, model) => ({
      restore: (call, ...rest) => {
        const running = there(model, call);
        if (running?.local === '' && isOn(model, call) && !isStale(model, call)) model.end(running);
        return inner.restore(call, ...rest);
      },
    }),
  },
  {
    what: 'does not know a Checkpoint that it has made',
    fails: ['repetition/checkpoint'],
    wrap: (inner, model) => ({
      checkpoint: (call, ...rest) => {
        const again = there(model, call) === undefined && !isLocal(call);
        const snapshot = again ? { ...call.snapshot, uri: `${call.snapshot.uri}/unknown` } : call.snapshot;
        return inner.checkpoint({ ...call, snapshot }, ...rest);
      },
    }),
  },
  {
    what: 'refuses a Restore that is under way already',
    fails: ['repetition/join-restore'],
    wrap: (inner) => ({
      restore: refuseSecond((...args: Parameters<NodeRuntime['restore']>) => inner.restore(...args)),
    }),
  },
  {
    what: 'refuses a Checkpoint that is under way already',
    fails: ['repetition/join-checkpoint'],
    wrap: (inner) => ({
      checkpoint: refuseSecond((...args: Parameters<NodeRuntime['checkpoint']>) => inner.checkpoint(...args)),
    }),
  },
  {
    what: 'ends a Restore when the first of its callers leaves',
    fails: ['repetition/leave'],
    wrap: (inner) => {
      const under = new Map<string, Promise<{ readonly address: string }>>();
      return {
        restore: (call, ...rest) => {
          const key = `${formatRef(call.actor)} ${call.fencingToken}`;
          const work = under.get(key) ?? inner.restore(call, ...rest).finally(() => under.delete(key));
          under.set(key, work);
          return work;
        },
      };
    },
  },
];

const cancelling: readonly Breakage[] = [
  {
    what: 'goes on with a Restore that was cancelled',
    fails: ['cancelling/restore'],
    wrap: (inner) => ({ restore: (call, report) => inner.restore(call, report, never) }),
  },
  {
    what: 'goes on with a Restore whose deadline has passed',
    fails: ['cancelling/deadline'],
    wrap: (inner) => ({
      restore: (call, report, signal) => {
        const controller = new AbortController();
        signal.addEventListener('abort', () => {
          const reason = signal.reason as CoordinatorError;
          if (reason.reason !== 'WORKFLOW_DEADLINE') controller.abort(reason);
        });
        return inner.restore(call, report, controller.signal);
      },
    }),
  },
  { what: 'does not notice that a connection is broken', fails: ['cancelling/connection'], deafProxy: true },
  {
    what: 'goes on with a Checkpoint that was cancelled',
    fails: ['cancelling/checkpoint'],
    wrap: (inner) => ({ checkpoint: (call, report) => inner.checkpoint(call, report, never) }),
  },
  {
    what: 'leaves the actor stopped when a Checkpoint is cancelled',
    fails: ['cancelling/checkpoint'],
    wrap: (inner, model) => ({
      checkpoint: (call, report, signal) =>
        inner.checkpoint(call, report, signal).catch((error: unknown) => {
          const running = there(model, call);
          if (signal.aborted && running !== undefined) model.end(running);
          throw error;
        }),
    }),
  },
  {
    what: 'leaves a snapshot that looks whole when a Checkpoint is cancelled',
    fails: ['cancelling/no-snapshot'],
    wrap: (inner, model) => ({
      checkpoint: (call, report, signal) =>
        inner.checkpoint(call, report, signal).catch(async (error: unknown) => {
          const running = there(model, call);
          if (signal.aborted && running !== undefined) await writeState(call.snapshot, stateOf(running));
          throw error;
        }),
    }),
  },
  {
    what: 'removes the earlier snapshot when it begins the next',
    fails: ['cancelling/earlier-stays'],
    wrap: (inner, model) => ({
      checkpoint: async (call, ...rest) => {
        const [uri = ''] = JSON.parse(there(model, call)?.origin ?? '[]') as string[];
        if (uri.startsWith('file:') && !isLocal(call)) await rm(fileURLToPath(uri), { recursive: true, force: true });
        return await inner.checkpoint(call, ...rest);
      },
    }),
  },
];

const workers: readonly Breakage[] = [
  {
    what: 'runs one actor at a time',
    fails: ['workers/two'],
    wrap: (inner, model) => ({
      restore: async (call, ...rest) => {
        const restored = await inner.restore(call, ...rest);
        for (const actor of [...model.actors.values()]) {
          if (actor.address !== restored.address && !isPaused(actor)) model.end(actor);
        }
        return restored;
      },
    }),
  },
  {
    what: 'lets an actor run on two workers',
    fails: ['workers/runs-once'],
    wrap: (inner, model) => ({
      restore: (call, ...rest) => {
        const running = there(model, call);
        // Out of sight: nobody ends it any more.
        if (running?.worker !== undefined && !isOn(model, call)) model.lose(running);
        return inner.restore(call, ...rest);
      },
    }),
  },
  {
    what: 'refuses a worker on which something was left',
    fails: ['workers/leftover'],
    wrap: (inner, model) => ({
      restore: (call, ...rest) => {
        if (holder(model, call) !== undefined) throw runtimeFailed('FAILED_PRECONDITION', 'occupied');
        return inner.restore(call, ...rest);
      },
    }),
  },
  {
    what: 'drives out an actor whose token is greater',
    fails: ['workers/occupied'],
    wrap: (inner, model) => ({
      restore: (call, ...rest) => {
        const other = holder(model, call);
        if (other !== undefined && !isLocal(call)) model.end(other);
        return inner.restore(call, ...rest);
      },
    }),
  },
  {
    what: 'says NOT_FOUND of a worker that it does not have',
    fails: ['workers/unknown'],
    wrap: (inner) => ({
      checkpoint: (call, ...rest) =>
        inner.checkpoint(call, ...rest).catch((error: unknown) => {
          throw codeOf(error) === 'FAILED_PRECONDITION' ? runtimeFailed('NOT_FOUND', 'no such worker') : error;
        }),
    }),
  },
];

const progress: readonly Breakage[] = [
  {
    what: 'tells progress that goes back',
    fails: ['progress/grows'],
    wrap: (inner) => ({
      restore: (call, report, signal) =>
        inner.restore(call, (told) => report({ ...told, done: told.total - told.done }), signal),
    }),
  },
  {
    what: 'tells progress past its total',
    fails: ['progress/grows'],
    wrap: (inner) => ({
      restore: (call, report, signal) =>
        inner.restore(call, (told) => report({ ...told, done: told.done + told.total }), signal),
    }),
  },
  {
    what: 'tells progress without end',
    fails: ['progress/rate'],
    serve: (inner) => ({
      Checkpoint: (call) => {
        const event = { progress: { phase: 'flood', done: 0, total: 0, unit: '', message: '' } };
        for (let told = 0; told < 200; told++) call.write(event);
        inner.Checkpoint(call);
      },
    }),
  },
];

const pause: readonly Breakage[] = [
  {
    what: 'starts a paused actor anew',
    fails: ['pause/keeps-memory'],
    wrap: (inner, model) => ({
      restore: async (call, ...rest) => {
        const restored = await inner.restore(call, ...rest);
        if (isLocal(call)) Object.assign(there(model, call) ?? {}, { id: 'another' });
        return restored;
      },
    }),
  },
  {
    what: 'pauses in name only',
    fails: ['pause/keeps-memory'],
    wrap: (inner, model) => ({
      checkpoint: async (call, ...rest) => {
        const running = there(model, call);
        const result = await inner.checkpoint(call, ...rest);
        if (isLocal(call)) Object.assign(running ?? {}, { worker: formatWorker(call.worker) });
        return result;
      },
    }),
  },
  {
    what: 'keeps the worker of a paused actor for it',
    fails: ['pause/frees-worker'],
    wrap: (inner, model) => {
      const kept = new Map<string, string>();
      return {
        checkpoint: async (call, ...rest) => {
          const result = await inner.checkpoint(call, ...rest);
          if (isLocal(call)) kept.set(formatRef(call.actor), formatWorker(call.worker));
          return result;
        },
        restore: (call, ...rest) => {
          for (const [actor, worker] of kept) {
            const paused = isPaused(model.actors.get(actor)) && actor !== formatRef(call.actor);
            if (paused && worker === formatWorker(call.worker)) throw runtimeFailed('FAILED_PRECONDITION', 'kept');
          }
          return inner.restore(call, ...rest);
        },
      };
    },
  },
  {
    what: 'does not know an actor that it has paused',
    fails: ['pause/repeats'],
    wrap: (inner, model) => ({
      checkpoint: (call, ...rest) => {
        if (isLocal(call) && isPaused(there(model, call))) throw runtimeFailed('NOT_FOUND', 'does not run');
        return inner.checkpoint(call, ...rest);
      },
    }),
  },
  {
    what: 'resumes a paused actor with a lower token',
    fails: ['pause/fencing'],
    wrap: (inner, model) => ({
      restore: (call, ...rest) => inner.restore(isLocal(call) ? raised(model, call) : call, ...rest),
    }),
  },
  {
    what: 'resumes a paused actor in place of one whose token is greater',
    fails: ['pause/occupied'],
    wrap: (inner, model) => ({
      restore: (call, ...rest) => {
        const other = holder(model, call);
        if (other !== undefined && isLocal(call)) model.end(other);
        return inner.restore(call, ...rest);
      },
    }),
  },
  {
    what: 'boots where a LOCAL snapshot is missing',
    fails: ['pause/missing'],
    wrap: (inner) => ({
      restore: (call, ...rest) =>
        inner.restore(call, ...rest).catch((error: unknown) => {
          if (codeOf(error) !== 'DATA_LOSS' || !isLocal(call)) throw error;
          return inner.restore(withoutSnapshot(call), ...rest);
        }),
    }),
  },
  {
    what: 'does not stop a paused actor',
    fails: ['pause/stop'],
    wrap: (inner, model) => ({
      stop: async (call, signal) =>
        isPaused(there(model, call)) && !isStale(model, call) ? { stopped: false } : await inner.stop(call, signal),
    }),
  },
  {
    what: 'keeps a paused actor whose place another start has taken',
    fails: ['pause/superseded'],
    wrap: (inner, model) => {
      const kept = new Map<string, ModelActor>();
      return {
        restore: (call, ...rest) => {
          const name = formatRef(call.actor);
          const running = there(model, call);
          if (isPaused(running) && !isLocal(call) && !isStale(model, call) && running !== undefined) {
            kept.set(name, running);
            model.lose(running);
          }
          const back = kept.get(name);
          if (isLocal(call) && back?.local === call.snapshot?.uri && back !== undefined) {
            if (running !== undefined) model.end(running);
            model.actors.set(name, back);
          }
          return inner.restore(call, ...rest);
        },
      };
    },
  },
  {
    what: 'writes no paused actor to a DURABLE snapshot',
    fails: ['pause/durable'],
    wrap: (inner, model) => ({
      checkpoint: (call, ...rest) => {
        if (!isLocal(call) && isPaused(there(model, call))) throw runtimeFailed('NOT_FOUND', 'does not run');
        return inner.checkpoint(call, ...rest);
      },
    }),
  },
  {
    what: 'has other memory for a paused actor after a restart',
    fails: ['pause/restart'],
    restarted: (model) => {
      for (const actor of model.actors.values()) if (isPaused(actor)) Object.assign(actor, { id: 'another' });
    },
  },
];

export const BREAKAGES: readonly Breakage[] = [
  ...start,
  ...fencing,
  ...stop,
  ...snapshots,
  ...repetition,
  ...cancelling,
  ...workers,
  ...progress,
  ...pause,
];

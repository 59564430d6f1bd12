// A Substrate node agent that does as it is told, over real gRPC: it knows which
// actor each ateom has and which snapshots there are, refuses what makes no
// sense, takes as long as START_MS and STOP_MS in the actor's environment say,
// and answers as a test scripts it. It knows no tokens and no request ids.

import { Server, ServerCredentials, status, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';
import { setTimeout } from 'node:timers/promises';
import type { CheckpointRequest__Output } from '../src/generated/atelet/CheckpointRequest.js';
import type { RestoreRequest__Output } from '../src/generated/atelet/RestoreRequest.js';
import type { RunRequest__Output } from '../src/generated/atelet/RunRequest.js';
import { loadAteletDefinition } from '../src/runtime/atelet/atelet-proto.js';

export type HerderMethod = 'Run' | 'Checkpoint' | 'Restore';
type AnyRequest = RunRequest__Output | CheckpointRequest__Output | RestoreRequest__Output;

export interface HerderCall {
  readonly method: HerderMethod;
  readonly request: AnyRequest;
}

/** What the next call does: it takes effect when this resolves with nothing, and ends with a code that it returns. */
export type HerderBehaviour = (
  call: HerderCall,
  cancelled: Promise<void>,
  herder: FakeHerder,
) => Promise<status | undefined>;

export const refuse =
  (code: status): HerderBehaviour =>
  async () =>
    code;

/** It happens, and its caller hears UNAVAILABLE. */
export const loseReply: HerderBehaviour = async (call, _cancelled, herder) => {
  herder.apply(call);
  return status.UNAVAILABLE;
};

/** Until it is cancelled, and then it has not happened. */
export const hang: HerderBehaviour = async (_call, cancelled) => {
  await cancelled;
  return status.CANCELLED;
};

/** It is cancelled, and happens all the same. */
export const goOn: HerderBehaviour = async (call, cancelled, herder) => {
  await cancelled;
  herder.apply(call);
  return status.CANCELLED;
};

const takeItsTime: HerderBehaviour = async ({ method, request }, cancelled) => {
  const name = method === 'Checkpoint' ? 'STOP_MS' : 'START_MS';
  const ms = Number(request.spec?.containers[0]?.env.find((variable) => variable.name === name)?.value ?? 0);
  if (ms === 0) return undefined;
  const over = new AbortController();
  const ended = await Promise.race([
    setTimeout(ms, undefined, { signal: over.signal }),
    cancelled.then(() => status.CANCELLED),
  ]);
  over.abort();
  return ended;
};

export class FakeHerder {
  readonly calls: HerderCall[] = [];
  /** Ateom → actor, `namespace/template/id`. */
  readonly running = new Map<string, string>();
  /** Prefixes that hold a snapshot. */
  readonly snapshots = new Set<string>();
  readonly script: Record<HerderMethod, HerderBehaviour[]> = { Run: [], Checkpoint: [], Restore: [] };
  /** Called when a call has arrived. */
  onCall: (call: HerderCall) => void = () => undefined;
  readonly #server = new Server();
  /** A gRPC target. */
  address = '';

  static async start(): Promise<FakeHerder> {
    const herder = new FakeHerder();
    const handle =
      (method: HerderMethod) =>
      (call: ServerUnaryCall<AnyRequest, object>, callback: sendUnaryData<object>): void => {
        const cancelled = new Promise<void>((resolve) => call.once('cancelled', () => resolve()));
        void herder.answer({ method, request: call.request }, cancelled).then((code) => {
          if (code === undefined) callback(null, {});
          else callback({ code, details: `the agent says ${status[code]}` });
        });
      };
    const handlers = { Run: handle('Run'), Checkpoint: handle('Checkpoint'), Restore: handle('Restore') };
    herder.#server.addService(loadAteletDefinition(), handlers);
    const port = await new Promise<number>((resolve, reject) => {
      herder.#server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
        if (error === null) resolve(bound);
        else reject(error);
      });
    });
    herder.address = `127.0.0.1:${port}`;
    return herder;
  }

  close(): void {
    this.#server.forceShutdown();
  }

  /** The next call of that name that arrives. */
  nextCall(method: HerderMethod): Promise<HerderCall> {
    return new Promise((resolve) => {
      this.onCall = (call) => {
        if (call.method === method) resolve(call);
      };
    });
  }

  async answer(call: HerderCall, cancelled: Promise<void>): Promise<status | undefined> {
    this.calls.push(call);
    this.onCall(call);
    const wrong = this.#whatIsWrong(call);
    if (wrong !== undefined) return wrong;
    const behaviour = this.script[call.method].shift() ?? takeItsTime;
    const code = await behaviour(call, cancelled, this);
    if (code !== undefined) return code;
    this.apply(call);
    return undefined;
  }

  apply({ method, request }: HerderCall): void {
    const ateom = request.target_ateom_uid;
    if (method === 'Checkpoint') {
      this.snapshots.add(prefixOf(request as CheckpointRequest__Output));
      this.running.delete(ateom);
    } else this.running.set(ateom, actorOf(request));
  }

  #whatIsWrong({ method, request }: HerderCall): status | undefined {
    const there = this.running.get(request.target_ateom_uid);
    if (method === 'Checkpoint') return there === actorOf(request) ? undefined : status.NOT_FOUND;
    if (there !== undefined && there !== actorOf(request)) return status.FAILED_PRECONDITION;
    const isElsewhere = [...this.running].some(
      ([ateom, actor]) => actor === actorOf(request) && ateom !== request.target_ateom_uid,
    );
    if (isElsewhere) return status.FAILED_PRECONDITION;
    if (method === 'Restore' && !this.snapshots.has(prefixOf(request as RestoreRequest__Output))) {
      return status.NOT_FOUND;
    }
    return undefined;
  }
}

function actorOf(request: AnyRequest): string {
  return `${request.actor_template_namespace}/${request.actor_template_name}/${request.actor_id}`;
}

function prefixOf({ local_config: local, external_config: external }: CheckpointRequest__Output): string {
  return external?.snapshot_uri_prefix ?? `local:${local?.snapshot_prefix ?? ''}`;
}

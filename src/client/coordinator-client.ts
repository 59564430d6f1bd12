// The calls of proto/ on one channel, as they are on the wire: what the client of
// actor-coordinator.ts is made of, and what tests of the service use. Calls
// return promises, streams are async iterables, and every error is a
// CoordinatorError with the reason that the service gave. Guarantees: leaving an
// iteration, or aborting the signal, cancels the call. Does not retry.

import {
  Channel,
  connectivityState as State,
  credentials as channelCredentials,
  makeClientConstructor,
  type ChannelCredentials,
  type ClientReadableStream,
  type ServiceDefinition,
  type ServiceError,
} from '@grpc/grpc-js';
import type { Actor__Output } from '../generated/actorworkflow/v1/Actor.js';
import type { ActorRegistryClient } from '../generated/actorworkflow/v1/ActorRegistry.js';
import type { ActorRef } from '../generated/actorworkflow/v1/ActorRef.js';
import type { ActorWorkflowClient } from '../generated/actorworkflow/v1/ActorWorkflow.js';
import type { CreateActorRequest } from '../generated/actorworkflow/v1/CreateActorRequest.js';
import type { ResumeRequest } from '../generated/actorworkflow/v1/ResumeRequest.js';
import type { SuspendRequest } from '../generated/actorworkflow/v1/SuspendRequest.js';
import type { RegisterWorkerRequest } from '../generated/actorworkflow/v1/RegisterWorkerRequest.js';
import type { PauseRequest } from '../generated/actorworkflow/v1/PauseRequest.js';
import type { WatchRequest } from '../generated/actorworkflow/v1/WatchRequest.js';
import type { ListActorsRequest } from '../generated/actorworkflow/v1/ListActorsRequest.js';
import type { WorkerRef } from '../generated/actorworkflow/v1/WorkerRef.js';
import type { ListActorsResponse__Output } from '../generated/actorworkflow/v1/ListActorsResponse.js';
import type { ForceReleaseResponse__Output } from '../generated/actorworkflow/v1/ForceReleaseResponse.js';
import type { Worker__Output } from '../generated/actorworkflow/v1/Worker.js';
import type { WorkerRegistryClient } from '../generated/actorworkflow/v1/WorkerRegistry.js';
import type { WorkflowEvent__Output } from '../generated/actorworkflow/v1/WorkflowEvent.js';
import { actorRegistryDefinition, actorWorkflowDefinition, workerRegistryDefinition } from '../rpc/proto.js';
import { toWireError } from './wire-error.js';

export interface CallOptions {
  /** Cancels the call. */
  readonly signal?: AbortSignal;
  /** After this many milliseconds the call ends with DEADLINE_EXCEEDED. */
  readonly timeoutMs?: number;
}

const CHANNEL_OPTIONS = {
  // Off by default, and a machine that lost its power closes no connection: noticed within 15 s.
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5_000,
  // A replica is back within a second of its restart; grpc-js's own first step is that long already.
  'grpc.initial_reconnect_backoff_ms': 100,
  // grpc-js's own backoff of up to two minutes would keep a node from registering for that long after an outage.
  'grpc.max_reconnect_backoff_ms': 5000,
  // Coordinators are reached directly; a proxy in the environment is meant for other traffic.
  'grpc.enable_http_proxy': 0,
  // The shared pool keeps a connection for some seconds after its channel has closed.
  'grpc.use_local_subchannel_pool': 1,
};

export class CoordinatorClient {
  readonly target: string;
  readonly #channel: Channel;
  readonly #workflows: ActorWorkflowClient;
  readonly #actors: ActorRegistryClient;
  readonly #workers: WorkerRegistryClient;

  /** @param target a gRPC target, such as `127.0.0.1:7070` or `unix:///run/coordinator.sock` */
  constructor(
    target: string,
    credentials: ChannelCredentials = channelCredentials.createInsecure(),
    channelOptions: Readonly<Record<string, string>> = {},
  ) {
    this.target = target;
    this.#channel = new Channel(target, credentials, { ...CHANNEL_OPTIONS, ...channelOptions });
    const options = { channelOverride: this.#channel };
    const client = (definition: object, name: string): unknown =>
      new (makeClientConstructor(definition as ServiceDefinition, name))(target, credentials, options);
    this.#workflows = client(actorWorkflowDefinition, 'ActorWorkflow') as ActorWorkflowClient;
    this.#actors = client(actorRegistryDefinition, 'ActorRegistry') as ActorRegistryClient;
    this.#workers = client(workerRegistryDefinition, 'WorkerRegistry') as WorkerRegistryClient;
  }

  resume(request: ResumeRequest, options: CallOptions = {}): AsyncGenerator<WorkflowEvent__Output, void, undefined> {
    return stream(() => this.#workflows.Resume(request, toDeadline(options)), options);
  }

  suspend(request: SuspendRequest, options: CallOptions = {}): AsyncGenerator<WorkflowEvent__Output, void, undefined> {
    return stream(() => this.#workflows.Suspend(request, toDeadline(options)), options);
  }

  createActor(request: CreateActorRequest, options: CallOptions = {}): Promise<Actor__Output> {
    return answer(options, (settle) => this.#actors.CreateActor(request, toDeadline(options), settle));
  }

  getActor(actor: ActorRef, options: CallOptions = {}): Promise<Actor__Output> {
    return answer(options, (settle) => this.#actors.GetActor({ actor }, toDeadline(options), settle));
  }

  pause(request: PauseRequest, options: CallOptions = {}): AsyncGenerator<WorkflowEvent__Output, void, undefined> {
    return stream(() => this.#workflows.Pause(request, toDeadline(options)), options);
  }

  watch(request: WatchRequest, options: CallOptions = {}): AsyncGenerator<WorkflowEvent__Output, void, undefined> {
    return stream(() => this.#workflows.Watch(request, toDeadline(options)), options);
  }

  async deleteActor(actor: ActorRef, options: CallOptions & { readonly force?: boolean } = {}): Promise<void> {
    const request = { actor, force: options.force ?? false };
    await answer(options, (settle) => this.#actors.DeleteActor(request, toDeadline(options), settle));
  }

  listActors(request: ListActorsRequest, options: CallOptions = {}): Promise<ListActorsResponse__Output> {
    return answer(options, (settle) => this.#actors.ListActors(request, toDeadline(options), settle));
  }

  forceRelease(actor: ActorRef, reason: string, options: CallOptions = {}): Promise<ForceReleaseResponse__Output> {
    return answer(options, (settle) => this.#actors.ForceRelease({ actor, reason }, toDeadline(options), settle));
  }

  async deregisterWorker(worker: WorkerRef, force: boolean, options: CallOptions = {}): Promise<void> {
    await answer(options, (settle) => this.#workers.DeregisterWorker({ worker, force }, toDeadline(options), settle));
  }

  registerWorker(request: RegisterWorkerRequest, options: CallOptions = {}): Promise<Worker__Output> {
    return answer(options, (settle) => this.#workers.RegisterWorker(request, toDeadline(options), settle));
  }

  async listWorkers(pool: string, options: CallOptions = {}): Promise<readonly Worker__Output[]> {
    const workers: Worker__Output[] = [];
    let pageToken = '';
    do {
      const request = { pool, page_size: 1000, page_token: pageToken };
      const page = await answer(options, (settle: Settle<{ workers: Worker__Output[]; next_page_token: string }>) =>
        this.#workers.ListWorkers(request, toDeadline(options), settle),
      );
      workers.push(...page.workers);
      pageToken = page.next_page_token;
    } while (pageToken !== '');
    return workers;
  }

  /** Connects, unless it is connected. Resolves with false when that has failed, or took longer than `withinMs`. */
  async connect(withinMs: number): Promise<boolean> {
    const untilMs = Date.now() + withinMs;
    for (;;) {
      const state = this.#channel.getConnectivityState(true);
      if (state === State.READY) return true;
      if (state === State.TRANSIENT_FAILURE || state === State.SHUTDOWN || Date.now() >= untilMs) return false;
      await new Promise<void>((resolve) => {
        this.#channel.watchConnectivityState(state, untilMs, () => resolve());
      });
    }
  }

  /** Whether it is connecting, and so a call would wait for that. */
  get isConnecting(): boolean {
    return this.#channel.getConnectivityState(false) === State.CONNECTING;
  }

  close(): void {
    this.#channel.close();
  }
}

type Settle<T> = (error: ServiceError | null, value?: T) => void;

function toDeadline({ timeoutMs }: CallOptions): { deadline?: number } {
  return timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
}

function answer<T>({ signal }: CallOptions, start: (settle: Settle<T>) => { cancel(): void }): Promise<T> {
  return new Promise((resolve, reject) => {
    const call = start((error, value) => {
      signal?.removeEventListener('abort', onAbort);
      if (error !== null) reject(toWireError(error));
      else resolve(value as T);
    });
    const onAbort = (): void => {
      call.cancel();
    };
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
  });
}

async function* stream<T>(
  start: () => ClientReadableStream<T>,
  { signal }: CallOptions,
): AsyncGenerator<T, void, undefined> {
  const call = start();
  const onAbort = (): void => {
    call.cancel();
  };
  if (signal?.aborted === true) onAbort();
  else signal?.addEventListener('abort', onAbort, { once: true });
  try {
    for await (const event of call) yield event as T;
  } catch (error) {
    throw toWireError(error);
  } finally {
    signal?.removeEventListener('abort', onAbort);
    call.cancel();
  }
}

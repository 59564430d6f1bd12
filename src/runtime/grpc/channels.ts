// One channel per node runtime, shared by all calls to it. Guarantees: a channel
// that nobody has used for IDLE_MS is closed, and earlier if more than `maxIdle`
// are idle, but never one with a call under way; so at most `maxIdle` and one per
// workflow are open. Does not connect before the first call.

import { credentials, makeClientConstructor, type ChannelOptions } from '@grpc/grpc-js';
import type { CancelTimer, Clock } from '../../clock.js';
import { CoordinatorError, quote } from '../../errors.js';
import type { NodeRuntimeClient } from '../../generated/actorworkflow/v1/NodeRuntime.js';
import { nodeRuntimeDefinition } from '../../rpc/proto.js';
import { isRuntimeAddress } from '../../rpc/validate-worker.js';

export interface ChannelsOptions {
  readonly clock: Clock;
  /** How long a connection with a call may be silent before a ping, in milliseconds. */
  readonly keepaliveMs?: number;
  /** How long the answer to a ping may take before the node counts as gone, in milliseconds. */
  readonly keepaliveTimeoutMs?: number;
  /** How many channels without a call may stay open. */
  readonly maxIdle?: number;
}

/** An actor that is suspended soon after a resume finds its channel open; nodes that are gone do not add up. */
const IDLE_MS = 5 * 60_000;
/** A socket each, of the 1024 files that many systems allow a process by default. */
const MAX_IDLE = 512;
/**
 * gRPC servers in other languages close connections that are pinged oftener than every 5 min, unless they say something
 * (progress) in between or are told to allow it; at this interval they take a minute and a half to lose patience.
 */
const KEEPALIVE_MS = 30_000;
const KEEPALIVE_TIMEOUT_MS = 10_000;

const Client = makeClientConstructor(nodeRuntimeDefinition, 'NodeRuntime');

interface Channel {
  readonly client: NodeRuntimeClient;
  calls: number;
  cancelIdle: CancelTimer;
}

export class Channels {
  readonly #clock: Clock;
  readonly #maxIdle: number;
  readonly #options: ChannelOptions;
  // In the order of their last use.
  readonly #open = new Map<string, Channel>();
  #closed = false;

  constructor(options: ChannelsOptions) {
    this.#clock = options.clock;
    this.#maxIdle = options.maxIdle ?? MAX_IDLE;
    this.#options = {
      // Off by default, and then a node that lost its power is noticed at the deadline.
      'grpc.keepalive_time_ms': options.keepaliveMs ?? KEEPALIVE_MS,
      'grpc.keepalive_timeout_ms': options.keepaliveTimeoutMs ?? KEEPALIVE_TIMEOUT_MS,
      // By default up to 120 s, in which every retry of a step would fail although the runtime is back.
      'grpc.initial_reconnect_backoff_ms': 200,
      'grpc.max_reconnect_backoff_ms': 1000,
      // Nodes are reached directly; a proxy in the environment is meant for other traffic.
      'grpc.enable_http_proxy': 0,
      // The shared pool keeps a connection for some seconds after its channel has closed.
      'grpc.use_local_subchannel_pool': 1,
    };
  }

  /** How many are open. */
  get size(): number {
    return this.#open.size;
  }

  /** @throws RUNTIME_UNAVAILABLE, surely not done, if the address is no gRPC target, or after `close` */
  async use<T>(address: string, call: (client: NodeRuntimeClient) => Promise<T>): Promise<T> {
    const channel = this.#open.get(address) ?? this.#connect(address);
    channel.cancelIdle();
    channel.calls += 1;
    this.#open.set(address, channel);
    try {
      return await call(channel.client);
    } finally {
      channel.calls -= 1;
      // Closed meanwhile, and perhaps opened anew: not ours to time then.
      if (channel.calls === 0 && this.#open.get(address) === channel) {
        // In the order of use, which ends with this one.
        this.#open.delete(address);
        this.#open.set(address, channel);
        channel.cancelIdle = this.#clock.setTimer(IDLE_MS, () => {
          this.#close(address, channel);
        });
        this.#closeSurplus();
      }
    }
  }

  /** For good. Calls under way end as broken off; whoever made them has awaited them before. */
  close(): void {
    this.#closed = true;
    for (const [address, channel] of this.#open) this.#close(address, channel);
  }

  #connect(address: string): Channel {
    if (this.#closed) throw notDialled(address, 'this replica has closed its connections');
    // grpc-js takes anything for a name and asks the DNS for it, again and again.
    if (!isRuntimeAddress(address)) throw notDialled(address, 'it is no gRPC target');
    const client = new Client(address, credentials.createInsecure(), this.#options) as unknown as NodeRuntimeClient;
    return { client, calls: 0, cancelIdle: () => undefined };
  }

  #closeSurplus(): void {
    const idle = [...this.#open].filter(([, { calls }]) => calls === 0);
    for (const [address, channel] of idle.slice(0, Math.max(0, idle.length - this.#maxIdle))) {
      this.#close(address, channel);
    }
  }

  #close(address: string, channel: Channel): void {
    channel.cancelIdle();
    channel.client.close();
    this.#open.delete(address);
  }
}

function notDialled(address: string, why: string): CoordinatorError {
  return new CoordinatorError('RUNTIME_UNAVAILABLE', `the node runtime at ${quote(address)} cannot be called: ${why}`);
}

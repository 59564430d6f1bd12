// One channel per node runtime, shared by all calls to it. Guarantees: a channel
// that nobody has used for IDLE_MS is closed, and earlier if more than `maxIdle`
// are idle, but never one with a call under way; so at most `maxIdle` and one per
// workflow are open. Does not connect before the first call.

import { credentials, makeClientConstructor, type ChannelOptions } from '@grpc/grpc-js';
import type { CancelTimer, Clock } from '../../clock.js';
import { CoordinatorError, quote } from '../../errors.js';
import type { NodeRuntimeClient } from '../../generated/actorworkflow/v1/NodeRuntime.js';
import { nodeRuntimeDefinition } from '../../rpc/proto.js';

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
  /** On the monotonic clock; it means nothing while there are calls. */
  idleSinceMs: number;
}

export class Channels {
  readonly #clock: Clock;
  readonly #maxIdle: number;
  readonly #options: ChannelOptions;
  readonly #open = new Map<string, Channel>();
  /** Those of them without a call, the longest unused first, so that neither a call nor the sweep looks at all. */
  readonly #idle = new Map<string, Channel>();
  #cancelSweep: CancelTimer | undefined;
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
      // By default 30 s, in which a node that came back under its name but at another IP address is not found.
      'grpc.dns_min_time_between_resolutions_ms': 1000,
      // Whether to repeat a call is the step's to decide, not that of a service config which somebody put into DNS.
      'grpc.service_config_disable_resolution': 1,
      'grpc.enable_retries': 0,
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
    this.#idle.delete(address);
    channel.calls += 1;
    this.#open.set(address, channel);
    try {
      return await call(channel.client);
    } finally {
      channel.calls -= 1;
      if (channel.calls === 0 && !this.#closed) this.#rest(address, channel);
    }
  }

  /** For good. Calls that have reached their node go on to their ends; those still waiting for a connection fail. */
  close(): void {
    this.#closed = true;
    this.#cancelSweep?.();
    for (const [address, channel] of this.#open) this.#close(address, channel);
  }

  #connect(address: string): Channel {
    if (this.#closed) throw notDialled(address, 'this replica has closed its connections');
    try {
      const client = new Client(address, credentials.createInsecure(), this.#options) as unknown as NodeRuntimeClient;
      return { client, calls: 0, idleSinceMs: 0 };
    } catch (error) {
      // Little is: grpc-js takes almost anything for a name to look up. Registration lets through what can be dialled.
      throw notDialled(address, 'it is no gRPC target', error);
    }
  }

  #rest(address: string, channel: Channel): void {
    channel.idleSinceMs = this.#clock.nowMs();
    this.#idle.set(address, channel);
    const [longestUnused] = this.#idle;
    if (longestUnused !== undefined && this.#idle.size > this.#maxIdle) this.#close(...longestUnused);
    this.#cancelSweep ??= this.#clock.setTimer(IDLE_MS, this.#sweep);
  }

  /** One timer for all rather than one per call; due when the longest unused is, unless that has been used meanwhile. */
  readonly #sweep = (): void => {
    this.#cancelSweep = undefined;
    for (const [address, channel] of this.#idle) {
      const leftMs = channel.idleSinceMs + IDLE_MS - this.#clock.nowMs();
      if (leftMs > 0) {
        this.#cancelSweep = this.#clock.setTimer(leftMs, this.#sweep);
        return;
      }
      this.#close(address, channel);
    }
  };

  #close(address: string, channel: Channel): void {
    channel.client.close();
    this.#open.delete(address);
    this.#idle.delete(address);
  }
}

function notDialled(address: string, why: string, cause?: unknown): CoordinatorError {
  const message = `the node runtime at ${quote(address)} cannot be called: ${why}`;
  return new CoordinatorError('RUNTIME_UNAVAILABLE', message, { cause });
}

// One actor's container. Guarantees: that it has ended is noticed also across a
// restart of the engine; asking for what is so already succeeds.

import type Docker from 'dockerode';
import { sleep, type Clock } from '../../clock.js';
import { runtimeFailed } from '../places/failure.js';
import type { Program } from '../places/kind.js';
import { statusOf, type Engine } from './engine.js';

/** What a record says of a container. */
export interface ContainerGroup {
  readonly container: string;
  /** `host:port`: the engine publishes the same port at every start. */
  readonly address: string;
}

const TAIL_LINES = 50;
const TAIL_BYTES = 2 * 1024;
/** While the engine is away, at its restart for example. */
const WATCH_AGAIN_MS = 1_000;
/** The engine has answered a kill by then, and tells the end at once. */
const KILL_WAIT_MS = 10_000;
/** An exit code of more is the number of the signal that ended the program. */
const SIGNALLED = 128;
const SIGKILL = 9;
const SIGTERM = 15;
const LAST_SIGNAL = 31;

export class ContainerProgram implements Program {
  readonly group: ContainerGroup;
  /** The engine's. */
  readonly isBehindProxy = true;
  readonly exited: Promise<string>;
  readonly #engine: Engine;
  readonly #clock: Clock;
  readonly #watching = new AbortController();
  #setExited: (end: string) => void = () => undefined;
  #running = false;

  constructor(engine: Engine, group: ContainerGroup, clock: Clock) {
    this.#engine = engine;
    this.#clock = clock;
    this.group = group;
    this.exited = new Promise((resolve) => {
      this.#setExited = resolve;
    });
  }

  get address(): string {
    return this.group.address;
  }

  get alive(): boolean {
    return this.#running;
  }

  async release(): Promise<void> {
    await this.#call('starting the container', (container) => container.start(), [304]);
    this.watch();
  }

  /** Of one that runs already. */
  watch(): void {
    this.#running = true;
    void this.#untilExited().then((end) => {
      this.#running = false;
      if (end !== undefined) this.#setExited(end);
    });
  }

  async freeze(): Promise<void> {
    const state = (await this.inspect())?.State;
    // The engine refuses to pause what is paused already, or has ended, which `exited` tells.
    if (state?.Running !== true || state.Paused) return;
    await this.#call('pausing the container', (container) => container.pause());
  }

  async thaw(): Promise<void> {
    if ((await this.inspect())?.State.Paused !== true) return;
    await this.#call('resuming the container', (container) => container.unpause());
  }

  async terminate(graceMs: number): Promise<'exited' | 'killed' | 'crashed' | 'stuck'> {
    const t = Math.max(1, Math.ceil(graceMs / 1000));
    const killAtMs = this.#clock.nowMs() + t * 1000;
    // The engine thaws a paused container once the signal waits for it, so that it does nothing more but save and exit.
    await this.#call('stopping the container', (container) => container.stop({ t }), [304, 404]);
    const state = (await this.inspect())?.State;
    if (state?.Running === true) return 'stuck';
    const code = state?.ExitCode ?? 0;
    if (code === SIGNALLED + SIGKILL && !state?.OOMKilled && this.#clock.nowMs() >= killAtMs) return 'killed';
    const bySignal = code > SIGNALLED && code <= SIGNALLED + LAST_SIGNAL && code !== SIGNALLED + SIGTERM;
    return bySignal ? 'crashed' : 'exited';
  }

  async kill(): Promise<void> {
    await this.#call('killing the container', (container) => container.kill(), [404, 409]);
    if (!this.#running) return;
    await Promise.race([this.exited, sleep(this.#clock, KILL_WAIT_MS, this.#watching.signal).catch(() => undefined)]);
  }

  async lastOutput(): Promise<string> {
    const options = { stdout: true, stderr: true, tail: TAIL_LINES, follow: false } as const;
    const log = await this.#call('reading the output', (container) => container.logs(options)).catch(() => undefined);
    const text = log === undefined ? '' : withoutFrames(log).subarray(-TAIL_BYTES).toString('utf8').trim();
    return text === '' ? 'it wrote nothing' : `its last output: ${text.toWellFormed()}`;
  }

  detach(): void {
    this.#watching.abort(new Error('not watched any more'));
  }

  /** Undefined where there is no such container any more. */
  inspect(): Promise<Docker.ContainerInspectInfo | undefined> {
    return this.#call('looking at the container', (container) => container.inspect(), [404]);
  }

  #call<T>(
    doing: string,
    call: (container: Docker.Container) => Promise<T>,
    fine: readonly number[] = [],
  ): Promise<T | undefined> {
    return this.#engine.call(doing, (docker) => call(docker.getContainer(this.group.container)), fine);
  }

  /** Undefined where it is not watched any more. */
  async #untilExited(): Promise<string | undefined> {
    const { signal } = this.#watching;
    for (;;) {
      try {
        const container = this.#engine.patient.getContainer(this.group.container);
        const { StatusCode: code } = (await container.wait({ abortSignal: signal })) as { StatusCode: number };
        const outOfMemory = (await this.inspect().catch(() => undefined))?.State.OOMKilled === true;
        return `exit code ${String(code)}${outOfMemory ? ', out of memory' : ''}`;
      } catch (error) {
        if (signal.aborted) return undefined;
        if (statusOf(error) === 404) return 'its removal';
        await sleep(this.#clock, WATCH_AGAIN_MS, signal).catch(() => undefined);
      }
    }
  }
}

/** @throws RUNTIME_FAILED, NOT_FOUND: without its container the actor is lost */
export function containerGone(): never {
  throw runtimeFailed('NOT_FOUND', "the actor's container has been removed from the engine");
}

/** Without a terminal, each piece of output comes with 8 bytes before it: its stream, three zeroes, its length. */
function withoutFrames(log: Buffer): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at + 8 <= log.length;) {
    const end = at + 8 + log.readUInt32BE(at + 4);
    pieces.push(log.subarray(at + 8, end));
    at = end;
  }
  return Buffer.concat(pieces);
}

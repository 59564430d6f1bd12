// One actor's program as a process group of its own. Guarantees: the program
// does not run before `release`, and never runs when this process dies before
// that. So the group's number can be recorded first, and no crash, however
// timed, leaves a program behind that no record knows of.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { sleep, type Clock } from '../../clock.js';
import type { Program } from '../places/kind.js';
import { identify, type GroupIdentity } from '../places/process-identity.js';
import type { OutputLog } from './output-log.js';
import { freeze, kill, terminate, thaw } from './process-group.js';

/** Waits for a line on a pipe that breaks when we die, then becomes the program. */
const HOLD = 'read -r go && exec "$@" </dev/null';

/** The only variables of our own that an actor sees: others may hold secrets, such as a database's address. */
const INHERITED = ['PATH', 'HOME', 'USER', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR'];

/** An exit is seen before the last of the output; a pipe on the same machine is read within a few milliseconds. */
const LAST_OUTPUT_WAIT_MS = 200;

export class ActorProcess implements Program {
  readonly group: GroupIdentity;
  readonly address: string;
  readonly isBehindProxy = false;
  /** How the group's leader ended, for a message: `exit code 3` or `signal SIGKILL`. Never rejects. */
  readonly exited: Promise<string>;
  readonly #child: ChildProcess;
  readonly #clock: Clock;
  readonly #output: OutputLog;
  readonly #copied: Promise<unknown>;

  private constructor(
    child: ChildProcess,
    clock: Clock,
    address: string,
    group: GroupIdentity,
    exited: Promise<string>,
    output: OutputLog,
    copied: Promise<unknown>,
  ) {
    this.#child = child;
    this.#clock = clock;
    this.address = address;
    this.#output = output;
    this.#copied = copied;
    this.group = group;
    this.exited = exited;
  }

  /** @throws what the operating system says when there can be no new process */
  static async hold(
    command: readonly string[],
    env: Readonly<Record<string, string>>,
    directory: string,
    address: string,
    output: OutputLog,
    clock: Clock,
  ): Promise<ActorProcess> {
    const inherited = INHERITED.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    });
    const child = spawn('/bin/sh', ['-c', HOLD, 'actor', ...command], {
      cwd: directory,
      env: { ...(Object.fromEntries(inherited) as Record<string, string>), ...env },
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const exited = new Promise<string>((resolve) => {
      child.once('exit', (code, signal) => {
        resolve(code === null ? `signal ${String(signal)}` : `exit code ${String(code)}`);
      });
    });
    await once(child, 'spawn');
    // Afterwards an error can only be a write to a pipe whose reader has ended, which `exited` tells better.
    child.on('error', () => undefined);
    child.stdin.on('error', () => undefined);
    const copied = Promise.all([output.copy(child.stdout), output.copy(child.stderr)]);
    void copied.then(() => output.close());
    const group = child.pid === undefined ? undefined : await identify(child.pid);
    if (group === undefined) throw new Error(`the new process ended at once, with ${await exited}`);
    return new ActorProcess(child, clock, address, group, exited, output, copied);
  }

  release(): Promise<void> {
    this.#child.stdin?.end('\n');
    return Promise.resolve();
  }

  freeze(): Promise<void> {
    freeze(this.group.pid);
    return Promise.resolve();
  }

  thaw(): Promise<void> {
    thaw(this.group.pid);
    return Promise.resolve();
  }

  async terminate(graceMs: number): Promise<'exited' | 'killed' | 'crashed' | 'stuck'> {
    const end = await terminate(this.group.pid, graceMs, this.#clock);
    if (end !== 'exited') return end;
    await this.exited;
    const { signalCode } = this.#child;
    return signalCode === null || signalCode === 'SIGTERM' ? 'exited' : 'crashed';
  }

  kill(): Promise<unknown> {
    return kill(this.group.pid, this.#clock);
  }

  /** It ends with this process: there is nothing to let go of. */
  detach(): void {
    // Its pipes are this process's.
  }

  /** Whether the group's leader lives. */
  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Its last output, for a message. Waits for the end of it, but not for what another process may yet write. */
  async lastOutput(clock: Clock): Promise<string> {
    await Promise.race([this.#copied, sleep(clock, LAST_OUTPUT_WAIT_MS, new AbortController().signal)]);
    const tail = this.#output.tail();
    return tail === '' ? 'it wrote nothing' : `its last output: ${tail.toWellFormed()}`;
  }
}

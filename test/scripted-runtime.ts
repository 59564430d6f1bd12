// A node runtime in the test's own process that does what it is told to: for
// tests of what a workflow makes of a runtime's answers. Those over gRPC use
// fake-node-runtime.ts.

import { CoordinatorError } from '../src/errors.js';
import type {
  CheckpointCall,
  NodeRuntime,
  ReportProgress,
  RestoreCall,
  RuntimeCall,
} from '../src/runtime/node-runtime.js';

export type CallName = 'restore' | 'checkpoint' | 'stop';
export type Behave = (call: RuntimeCall, signal: AbortSignal, report: ReportProgress) => Promise<void> | void;

export class ScriptedRuntime implements NodeRuntime {
  readonly calls: { name: CallName; call: RuntimeCall; address: string }[] = [];
  readonly #behaviours = new Map<CallName, Behave[]>();

  /** What the next calls of that name do, one each; without any they succeed at once. */
  next(name: CallName, ...behaviours: Behave[]): void {
    this.#behaviours.set(name, [...(this.#behaviours.get(name) ?? []), ...behaviours]);
  }

  /** The port: every address leads here. */
  readonly at = (address: string): NodeRuntime => ({
    restore: (call: RestoreCall, report, signal) =>
      this.#call('restore', address, call, signal, report).then(() => ({ address: '127.0.0.1:8080' })),
    checkpoint: (call: CheckpointCall, report, signal) =>
      this.#call('checkpoint', address, call, signal, report).then(() => ({ sizeBytes: 42 })),
    stop: (call, signal) => this.#call('stop', address, call, signal, () => undefined).then(() => ({ stopped: true })),
  });

  readonly restore: NodeRuntime['restore'] = (...args) => this.at('').restore(...args);
  readonly checkpoint: NodeRuntime['checkpoint'] = (...args) => this.at('').checkpoint(...args);
  readonly stop: NodeRuntime['stop'] = (...args) => this.at('').stop(...args);

  async #call(
    name: CallName,
    address: string,
    call: RuntimeCall,
    signal: AbortSignal,
    report: ReportProgress,
  ): Promise<void> {
    this.calls.push({ name, call, address });
    await this.#behaviours.get(name)?.shift()?.(call, signal, report);
  }
}

/** Never answers; ends with the signal. */
export const hang: Behave = (_call, signal) =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error);
    });
  });

/** Does not even end with the signal. */
export const ignoreCancel: Behave = () => new Promise(() => undefined);

export function fail(...error: ConstructorParameters<typeof CoordinatorError>): Behave {
  return () => {
    throw new CoordinatorError(...error);
  };
}

/** The runtime's own answer: it surely was not done. */
export const refuse = fail('RUNTIME_FAILED', 'no such image', { runtimeCode: 'FAILED_PRECONDITION' });

/** The connection broke: it may have been done. */
export const breakOff = fail('RUNTIME_UNAVAILABLE', 'connection reset', { maybeDone: true });

// Ctrl-C and SIGTERM while a command waits. Guarantees: the first asks the
// command to end in order, the second ends the process at once; the terminal is
// left as it was either way.

import { EXIT } from './outcome.js';

export class Interrupt implements Disposable {
  readonly #controller = new AbortController();
  readonly #listeners: readonly (readonly [NodeJS.Signals, () => void])[];
  /** What the process is to end with; undefined: nobody has interrupted it. */
  exitCode: number | undefined;

  /**
   * @param onFirst says what happens now
   * @param beforeLeaving restores the terminal
   */
  constructor(onFirst: () => void, beforeLeaving: () => void) {
    const on = (name: NodeJS.Signals, exitCode: number): readonly [NodeJS.Signals, () => void] => {
      const listener = (): void => {
        if (this.exitCode !== undefined) {
          beforeLeaving();
          process.exit(exitCode);
        }
        this.exitCode = exitCode;
        onFirst();
        this.#controller.abort(new Error(`interrupted by ${name}`));
      };
      process.on(name, listener);
      return [name, listener];
    };
    this.#listeners = [on('SIGINT', EXIT.interrupted), on('SIGTERM', EXIT.terminated)];
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    for (const [name, listener] of this.#listeners) process.off(name, listener);
  }
}

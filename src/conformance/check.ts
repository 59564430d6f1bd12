// One sentence of the contract, and how to find out whether a runtime keeps it.
// The sentences are those of node_runtime.proto, word for word, which a test
// holds.

import type { Scene } from './scene.js';

export interface Check {
  /** `area/name`, unique, and stable for scripts. */
  readonly id: string;
  /** What a runtime that passes does. */
  readonly title: string;
  /** From node_runtime.proto. */
  readonly contract: string;
  /** Checks without which this one says nothing: where one of them fails, this one is skipped. */
  readonly after?: readonly string[];
  /**
   * Resolves when the runtime has passed.
   * @throws Broken where it does not keep the sentence, Skipped where that cannot be found out
   */
  readonly run: (scene: Scene) => Promise<void>;
}

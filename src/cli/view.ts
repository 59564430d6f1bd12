// What shows a workflow while it runs: bars, lines, or JSON.

import type { Told } from '../client/telling.js';

export interface View {
  show(told: Told): void;
  /** A remark that is no part of the workflow: above whatever is being drawn, else on standard error. */
  say(line: string): void;
  /** Leaves the terminal as it was. Again: nothing. */
  end(): void;
}

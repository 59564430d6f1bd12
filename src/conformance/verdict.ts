// How a check ends when the runtime does not pass: Broken, with what was expected
// and what came, or Skipped, with what would be needed to find out. Whatever
// else a check throws is a fault of the suite or of the machine.

/** The runtime does not keep its contract. */
export class Broken extends Error {
  override readonly name = 'Broken';
  readonly expected: string;
  readonly got: string;

  constructor(expected: string, got: string) {
    super(`expected ${expected}; got ${got}`);
    this.expected = expected;
    this.got = got;
  }
}

/** It cannot be found out here; the message says what would be needed. */
export class Skipped extends Error {
  override readonly name = 'Skipped';
}

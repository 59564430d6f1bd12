// A mutation turns one mechanism of src/ off, by replacing text, so that a test
// has to fail: the proof that the mechanism is needed and that a test knows. The
// switch is nowhere in the program: scripts/mutations.mjs edits a copy of it.

/** What is replaced by what. The old text is in its file exactly once: a list that has rotted must not pass. */
export type Replacement = readonly [old: string, instead: string];

export interface Mutation {
  /** For the command line and for people: short, and its own. */
  readonly name: string;
  /** The mechanism that is turned off. */
  readonly mechanism: string;
  /** The promises of DESIGN.md that it is for, such as `P1 P6`. */
  readonly promises: string;
  /** By file below src/. */
  readonly replace: Readonly<Record<string, readonly Replacement[]>>;
  /** By file below test/, without `.test.ts`: parts of the names of the tests that fail. One of them has to. */
  readonly noticedBy: Readonly<Record<string, string | readonly string[]>>;
}

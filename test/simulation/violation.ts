// What a simulation fails with: a promise that was broken, and how.

export class Violation extends Error {
  override readonly name = 'Violation';
  readonly promise: string;

  /** @param promise which one, such as `P1 one workflow per actor` */
  constructor(promise: string, what: string) {
    super(`${promise}: ${what}`);
    this.promise = promise;
  }
}

/** Ends the seed: the first violation is what is to be understood. */
export type Violate = (promise: string, what: string) => void;

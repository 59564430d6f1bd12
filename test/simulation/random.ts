// The seed's generator: everything that a simulation leaves to chance comes
// from one of these, so that a seed replays exactly.

/** sfc32: fast, and good enough that neighbouring seeds have nothing in common. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number) {
    this.#a = seed | 0;
    this.#b = (seed / 2 ** 32) | 0;
    this.#c = 0x9e3779b9;
    for (let i = 0; i < 12; i += 1) this.float();
  }

  /** From 0 up to 1, without it. An arrow, so that it can stand in for Math.random. */
  readonly float = (): number => {
    const t = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (this.#c << 21) | (this.#c >>> 11);
    this.#c = (this.#c + t) | 0;
    return (t >>> 0) / 2 ** 32;
  };

  between(from: number, to: number): number {
    return from + (to - from) * this.float();
  }

  /** As `between`, but mostly near `from`: what faults and delays are like. */
  skewed(from: number, to: number): number {
    return from + (to - from) * this.float() ** 3;
  }

  integer(from: number, to: number): number {
    return from + Math.floor(this.float() * (to - from + 1));
  }

  chance(probability: number): boolean {
    return this.float() < probability;
  }

  pick<T>(items: readonly [T, ...T[]]): T;
  pick<T>(items: readonly T[]): T | undefined;
  pick<T>(items: readonly T[]): T | undefined {
    return items[Math.floor(this.float() * items.length)];
  }

  /** Looks like a UUID's worth of chance, and is short to read in a trace. */
  id(): string {
    const hex = (): string =>
      Math.floor(this.float() * 2 ** 32)
        .toString(16)
        .padStart(8, '0');
    return `${hex()}-${hex()}`;
  }
}

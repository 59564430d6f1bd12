// A place in a script's tokens, and the ways to go on from it.

import { tokenize, type Token } from './tokens.js';

export class Cursor {
  readonly #tokens: readonly Token[];
  #at = 0;

  /** @throws SyntaxError at what is not of the subset */
  constructor(source: string) {
    this.#tokens = tokenize(source);
  }

  get next(): Token {
    return this.#tokens[this.#at] ?? { kind: 'end', text: '', line: 0 };
  }

  advance(): Token {
    const token = this.next;
    this.#at += 1;
    return token;
  }

  refuse(token = this.next): never {
    throw new SyntaxError(`line ${token.line}: did not expect ${JSON.stringify(token.text)}`);
  }

  is(...texts: readonly string[]): boolean {
    const { kind, text } = this.next;
    return (kind === 'name' || kind === 'symbol') && texts.includes(text);
  }

  take(text: string): boolean {
    if (!this.is(text)) return false;
    this.#at += 1;
    return true;
  }

  expect(text: string): void {
    if (!this.take(text)) this.refuse();
  }

  name(): string {
    return this.next.kind === 'name' ? this.advance().text : this.refuse();
  }

  names(): string[] {
    const names = [this.name()];
    while (this.take(',')) names.push(this.name());
    return names;
  }
}

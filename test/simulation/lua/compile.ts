// Compiles the service's Lua scripts to JavaScript, so that the simulation runs
// those scripts themselves and not a second version of them. Takes the subset
// of Lua 5.1 that they use and refuses everything else. A function returns an
// array of its results, as Lua's may return several.

import { compileFunction } from 'node:vm';
import { library, type LuaValue } from './library.js';
import { called, condition, element, member, single, type Code } from './code.js';
import { Cursor } from './cursor.js';

export type RedisCall = (command: string, ...args: readonly LuaValue[]) => LuaValue;

/** A script: what it returns, as Lua has it. */
export type Script = (keys: readonly string[], args: readonly string[], call: RedisCall) => LuaValue;

const COMPARISONS: Readonly<Record<string, string>> = {
  '==': '===',
  '~=': '!==',
  '<': '<',
  '>': '>',
  '<=': '<=',
  '>=': '>=',
};

/** @throws SyntaxError at what is not of the subset */
export function compile(source: string): Script {
  const js = new Compiler(source).script();
  const body = compileFunction(js, ['L', 'KEYS', 'ARGV', 'call']) as (...args: unknown[]) => LuaValue[];
  return (keys, args, call) => body(library, keys, args, call)[0];
}

class Compiler {
  readonly #cursor: Cursor;
  #temporaries = 0;
  readonly #scopes: Set<string>[] = [new Set()];

  constructor(source: string) {
    this.#cursor = new Cursor(source);
  }

  script(): string {
    const body = this.#block();
    if (this.#cursor.next.kind !== 'end') this.#cursor.refuse();
    const names = Array.from({ length: this.#temporaries }, (_, i) => `t${i}`);
    return `"use strict";${names.length > 0 ? `let ${names.join(',')};` : ''}${body}return [];`;
  }

  #declare(names: readonly string[]): string[] {
    for (const name of names) this.#scopes.at(-1)?.add(name);
    return names.map((name) => `$${name}`);
  }

  #isLocal(name: string): boolean {
    return this.#scopes.some((scope) => scope.has(name));
  }

  /** A block in a scope of its own, in which `names` are known. */
  #block(...names: string[]): string {
    this.#scopes.push(new Set(names));
    let js = '';
    while (!this.#isBlockOver) {
      js += this.#statement();
    }
    this.#scopes.pop();
    return js;
  }

  get #isBlockOver(): boolean {
    return this.#cursor.is('end', 'else', 'elseif') || this.#cursor.next.kind === 'end';
  }

  #statement(): string {
    if (this.#cursor.take('local')) return this.#cursor.is('function') ? this.#function() : this.#local();
    if (this.#cursor.take('return')) {
      const js = `return [${this.#isBlockOver ? '' : this.#list()}];`;
      return this.#isBlockOver ? js : this.#cursor.refuse();
    }
    if (this.#cursor.take('if')) return this.#if();
    if (this.#cursor.take('for')) return this.#for();
    if (this.#cursor.take('while')) {
      const condition = this.#condition();
      this.#cursor.expect('do');
      const body = this.#block();
      this.#cursor.expect('end');
      return `while (${condition}) {${body}}`;
    }
    const target = this.#suffixed();
    if (target.isCall === true) return `${target.js};`;
    this.#cursor.expect('=');
    const value = single(this.#expression());
    return target.index === undefined
      ? `${target.js} = ${value};`
      : `L.set(${target.index.table}, ${target.index.key}, ${value});`;
  }

  #function(): string {
    this.#cursor.expect('function');
    const name = this.#cursor.name();
    const [js = ''] = this.#declare([name]);
    this.#cursor.expect('(');
    const parameters = this.#cursor.is(')') ? [] : this.#cursor.names();
    this.#cursor.expect(')');
    const body = this.#block(...parameters);
    this.#cursor.expect('end');
    return `const ${js} = (${parameters.map((parameter) => `$${parameter}`).join(',')}) => {${body}return [];};`;
  }

  #local(): string {
    const names = this.#cursor.names();
    if (!this.#cursor.take('=')) return `let ${this.#declare(names).join(',')};`;
    // The names are not known yet in what they are set to.
    const values = this.#list();
    return `let [${this.#declare(names).join(',')}] = [${values}];`;
  }

  #if(): string {
    let js = `if (${this.#condition()}) {`;
    this.#cursor.expect('then');
    js += `${this.#block()}}`;
    if (this.#cursor.take('elseif')) return `${js} else ${this.#if()}`;
    if (this.#cursor.take('else')) js += ` else {${this.#block()}}`;
    this.#cursor.expect('end');
    return js;
  }

  #for(): string {
    const names = this.#cursor.names();
    const [first = '', second] = names.map((name) => `$${name}`);
    let head: string;
    let inner = `let ${first} = i;`;
    if (this.#cursor.take('in')) {
      this.#cursor.expect('ipairs');
      this.#cursor.expect('(');
      head = `const [i, v] of L.entries(${single(this.#expression())})`;
      if (second !== undefined) inner += `let ${second} = v;`;
      this.#cursor.expect(')');
    } else {
      this.#cursor.expect('=');
      const from = single(this.#expression());
      this.#cursor.expect(',');
      const to = single(this.#expression());
      const step = this.#cursor.take(',') ? single(this.#expression()) : '1';
      head = `let i = L.number(${from}), e = L.number(${to}); i <= e; i += ${step}`;
    }
    this.#cursor.expect('do');
    const body = this.#block(...names);
    this.#cursor.expect('end');
    return `for (${head}) {${inner}${body}}`;
  }

  #condition(): string {
    return condition(this.#expression());
  }

  /** Expressions between commas; of the last one all results. */
  #list(): string {
    const items = [this.#expression()];
    while (this.#cursor.take(',')) items.push(this.#expression());
    return items
      .map((item, i) => (item.kind === 'multi' && i === items.length - 1 ? `...${item.js}` : single(item)))
      .join(', ');
  }

  // From here on by precedence, the weakest first.

  #expression(): Code {
    let left = this.#and();
    while (this.#cursor.take('or')) left = this.#choice(left, this.#and(), true);
    return left;
  }

  #and(): Code {
    let left = this.#comparison();
    while (this.#cursor.take('and')) left = this.#choice(left, this.#comparison(), false);
    return left;
  }

  #choice(left: Code, right: Code, isOr: boolean): Code {
    if (left.kind === 'bool' && right.kind === 'bool') {
      return { js: `(${left.js} ${isOr ? '||' : '&&'} ${right.js})`, kind: 'bool' };
    }
    const kept = `t${this.#temporaries}`;
    this.#temporaries += 1;
    const [yes, no] = isOr ? [kept, single(right)] : [single(right), kept];
    return { js: `(L.truth(${kept} = ${single(left)}) ? ${yes} : ${no})`, kind: 'value' };
  }

  #comparison(): Code {
    let left = this.#concatenation();
    for (;;) {
      const operator = this.#cursor.next.kind === 'symbol' ? COMPARISONS[this.#cursor.next.text] : undefined;
      if (operator === undefined) return left;
      this.#cursor.advance();
      left = { js: `(${single(left)} ${operator} ${single(this.#concatenation())})`, kind: 'bool' };
    }
  }

  #concatenation(): Code {
    const left = this.#sum();
    if (!this.#cursor.take('..')) return left;
    return { js: `(L.text(${single(left)}) + L.text(${single(this.#concatenation())}))`, kind: 'value' };
  }

  #sum(): Code {
    return this.#arithmetic(['+', '-'], () => this.#product());
  }

  #product(): Code {
    return this.#arithmetic(['*', '/'], () => this.#unary());
  }

  #arithmetic(operators: readonly string[], operand: () => Code): Code {
    let left = operand();
    for (;;) {
      const operator = operators.find((symbol) => this.#cursor.take(symbol));
      if (operator === undefined) return left;
      left = { js: `(L.number(${single(left)}) ${operator} L.number(${single(operand())}))`, kind: 'value' };
    }
  }

  #unary(): Code {
    if (this.#cursor.take('not')) return { js: `!${condition(this.#unary())}`, kind: 'bool' };
    if (this.#cursor.take('#')) return { js: `L.length(${single(this.#unary())})`, kind: 'value' };
    if (this.#cursor.take('-')) return { js: `(-L.number(${single(this.#unary())}))`, kind: 'value' };
    return this.#suffixed();
  }

  #suffixed(): Code {
    let code = this.#primary();
    for (;;) {
      if (this.#cursor.take('.')) code = member(code, this.#cursor.name());
      else if (this.#cursor.take('[')) {
        code = element(code, single(this.#expression()));
        this.#cursor.expect(']');
      } else if (this.#cursor.take('(')) {
        const args = this.#cursor.is(')') ? '' : this.#list();
        this.#cursor.expect(')');
        code = called(code, args);
      } else return code;
    }
  }

  #primary(): Code {
    const token = this.#cursor.advance();
    switch (token.kind) {
      case 'number':
        return { js: token.text, kind: 'value' };
      case 'string':
        return { js: JSON.stringify(token.text), kind: 'value' };
      case 'name':
        if (token.text === 'nil') return { js: 'undefined', kind: 'value' };
        if (token.text === 'true' || token.text === 'false') return { js: token.text, kind: 'bool' };
        if (token.text === 'KEYS' || token.text === 'ARGV') return { js: token.text, kind: 'value' };
        if (this.#isLocal(token.text)) return { js: `$${token.text}`, kind: 'value' };
        return { js: `L.${token.text}`, kind: 'value', path: token.text };
      default:
        if (token.text === '(') {
          const inner = this.#expression();
          this.#cursor.expect(')');
          return { js: `(${single(inner)})`, kind: inner.kind === 'bool' ? 'bool' : 'value' };
        }
        if (token.text === '{') {
          const items = this.#cursor.is('}') ? '' : this.#list();
          this.#cursor.expect('}');
          return { js: `[${items}]`, kind: 'value' };
        }
        this.#cursor.refuse(token);
    }
  }
}

// Which view a workflow is shown in. Guarantees: a bar on a terminal that
// can draw one, plain lines in a pipe and on a dumb terminal, a JSON object a
// line with `-o json`, the address alone with `-o address`, and nothing else on
// standard output then.

import type { Told } from '../client/telling.js';
import { Bars } from './bars.js';
import type { Output } from './connection-flags.js';
import { Lines } from './lines.js';
import { toProtoJson } from './proto-json.js';
import type { View } from './view.js';

export interface Screen {
  readonly out: NodeJS.WriteStream;
  readonly env: NodeJS.ProcessEnv;
}

export function chooseView(output: Output, screen: Screen = { out: process.stdout, env: process.env }): View {
  const { out, env } = screen;
  if (output === 'json') {
    return new Print(out, ({ event }) => JSON.stringify(toProtoJson('WorkflowEvent', event)));
  }
  if (output === 'address') return new Print(out, ({ event }) => event.completed?.actor?.address);
  return canDraw(screen) ? new Bars(out, drawing(env)) : new Lines((line) => out.write(`${line}\n`));
}

export function canDraw({
  out,
  env,
}: {
  readonly out: { readonly isTTY: boolean };
  readonly env: NodeJS.ProcessEnv;
}): boolean {
  return out.isTTY && env['TERM'] !== 'dumb' && env['TERM'] !== undefined;
}

function drawing(env: NodeJS.ProcessEnv): { readonly color: boolean; readonly unicode: boolean } {
  const locale = env['LC_ALL'] ?? env['LC_CTYPE'] ?? env['LANG'] ?? '';
  return {
    // https://no-color.org: set and not empty.
    color: (env['NO_COLOR'] ?? '') === '',
    // The Linux console has few of the characters, whatever the locale says.
    unicode: /utf-?8/i.test(locale) && env['TERM'] !== 'linux',
  };
}

/** For programs: a line of each event from which `toLine` makes one. */
class Print implements View {
  readonly #out: NodeJS.WriteStream;
  readonly #toLine: (told: Told) => string | undefined;

  constructor(out: NodeJS.WriteStream, toLine: (told: Told) => string | undefined) {
    this.#out = out;
    this.#toLine = toLine;
  }

  show(told: Told): void {
    const line = this.#toLine(told);
    if (line !== undefined) this.#out.write(`${line}\n`);
  }

  say(line: string): void {
    console.error(line);
  }

  end(): void {
    // Every line is complete.
  }
}

// Reads what a Redis with an append-only file has written: commands, in the
// order in which it carried them out, those of one script together. Complete
// also after SIGKILL, as long as the file was written before each answer.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A command's words, the first in upper case. */
export type Command = readonly string[];

/**
 * @param directory that of the server; one that never started has none
 * @returns what was carried out at once: a script's writes, or one command alone
 */
export function readAppendOnlyFile(directory: string): readonly (readonly Command[])[] {
  const home = join(directory, 'appendonlydir');
  const parts = readdirSync(home)
    .map((name) => ({ name, number: Number(/\.(\d+)\.incr\.aof$/.exec(name)?.[1]) }))
    .filter(({ number }) => number > 0)
    .sort((a, b) => a.number - b.number);
  const groups: Command[][] = [];
  let open: Command[] | undefined;
  for (const { name } of parts) {
    for (const command of readCommands(readFileSync(join(home, name)))) {
      switch (command[0]) {
        case 'MULTI':
          open = [];
          break;
        case 'EXEC':
          if (open !== undefined) groups.push(open);
          open = undefined;
          break;
        default:
          if (open === undefined) groups.push([command]);
          else open.push(command);
      }
    }
  }
  return groups;
}

/** Arrays of bulk strings; lines that begin with # are notes. What was cut off by a kill is left out, as Redis does. */
function* readCommands(bytes: Buffer): Generator<Command, void, undefined> {
  let at = 0;
  const readLine = (): string => {
    const end = bytes.indexOf('\r\n', at);
    const line = end === -1 ? '' : bytes.toString('latin1', at, end);
    at = end === -1 ? bytes.length : end + 2;
    return line;
  };
  while (at < bytes.length) {
    const head = readLine();
    if (!head.startsWith('*')) continue;
    const words: string[] = [];
    for (let left = Number(head.slice(1)); left > 0; left -= 1) {
      const length = Number(readLine().slice(1));
      if (at + length + 2 > bytes.length) return;
      words.push(bytes.toString('utf8', at, at + length));
      at += length + 2;
    }
    yield [(words[0] ?? '').toUpperCase(), ...words.slice(1)];
  }
}

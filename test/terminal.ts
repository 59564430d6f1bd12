// A real terminal for tests: a window of tmux, of a given size, in which a shell
// runs and keys are typed. Its server is the test's own, and goes with it.

import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

export const hasTmux = spawnSync('tmux', ['-V']).status === 0;

const LOOK_EVERY_MS = 30;
const SEE_WITHIN_MS = 20_000;

export interface Terminal extends Disposable {
  /** Types it and presses Enter. */
  line(text: string): void;
  /** Presses keys by tmux's names, such as `C-c`. */
  press(...keys: readonly string[]): void;
  resize(columns: number, rows: number): void;
  /** What is on the screen: a line each, without spaces at the end; those that scrolled away first. */
  screen(): readonly string[];
  /** Resolves with the screen once it holds what is looked for. @throws Error with the screen after 20 s */
  see(what: RegExp): Promise<string>;
}

/**
 * Resolves once the shell has its prompt: what is typed before that is shown before it.
 * @param env of the shell, beside what tmux sets
 */
export async function openTerminal(
  columns: number,
  rows: number,
  env: Readonly<Record<string, string>>,
): Promise<Terminal> {
  const socket = `test-${randomBytes(6).toString('hex')}`;
  const tmux = (...args: readonly string[]): string =>
    execFileSync('tmux', ['-L', socket, '-f', '/dev/null', ...args], { encoding: 'utf8' });
  const press = (...keys: readonly string[]): void => {
    tmux('send-keys', ...keys);
  };
  // Not tmux's own -e: it runs a login shell, and that has its own idea of PATH.
  const variables = Object.entries({ PS1: '$ ', ...env }).map(([name, value]) => `${name}=${value}`);
  const size = ['-x', String(columns), '-y', String(rows)];
  tmux('-u', 'new-session', '-d', ...size, 'env', ...variables, 'sh');
  const screen = (): readonly string[] => tmux('capture-pane', '-p', '-S', '-200').trimEnd().split('\n');
  const terminal: Terminal = {
    line: (text) => {
      press('-l', text);
      press('Enter');
    },
    press,
    resize: (width, height) => void tmux('resize-window', '-x', String(width), '-y', String(height)),
    screen,
    async see(what) {
      const untilMs = performance.now() + SEE_WITHIN_MS;
      for (;;) {
        const text = screen().join('\n');
        if (what.test(text)) return text;
        if (performance.now() > untilMs) throw new Error(`expected ${String(what)} on the screen:\n${text}`);
        await sleep(LOOK_EVERY_MS);
      }
    },
    [Symbol.dispose]: () => void tmux('kill-server'),
  };
  try {
    await terminal.see(/^\$$/m);
  } catch (error) {
    terminal[Symbol.dispose]();
    throw error;
  }
  return terminal;
}

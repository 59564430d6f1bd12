// Every line of docs/cli.md as it stands, and the transcript of the README,
// against `serve --dev`; completion in the shells themselves.

import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT, serveDev, type Served } from '../served.js';

let served: Served;
beforeAll(async () => {
  served = await serveDev();
});
afterAll(async () => {
  await served[Symbol.asyncDispose]();
});

function lines(file: string, marker: string): readonly string[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const block = new RegExp(`<!-- ${marker} -->\\n\`\`\`\\w+\\n([^]*?)\`\`\``).exec(text)?.[1];
  if (block === undefined) throw new Error(`${file}: expected a block after <!-- ${marker} -->`);
  return block.trimEnd().split('\n');
}

describe('docs/cli.md', () => {
  it('has lines that do what they say, in their order', async () => {
    const typed = lines('docs/cli.md', 'tried');
    for (const line of typed) {
      const { code, stderr } = await served.type(line);
      expect({ line, code, stderr: stderr.replace(/^it runs on; .*\n/, '') }).toEqual({ line, code: 0, stderr: '' });
    }
    const commands = new Set(typed.map((line) => /actor-coordinator (\S+)/.exec(line)?.[1]));
    const all = ['create', 'delete', 'force-release', 'get', 'list', 'pause', 'resume', 'suspend', 'watch', 'workers'];
    expect([...commands].sort()).toEqual(all);
  });
});

describe('the README', () => {
  it('has a transcript that the program makes', () => {
    const made = execFileSync(process.execPath, [join(ROOT, 'scripts/transcript.mjs'), '--print'], {
      encoding: 'utf8',
    });
    const normal = (text: string): string =>
      text
        .replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'WORKFLOW')
        .replace(/127\.0\.0\.1:\d+/g, 'ADDRESS')
        .replace(/dev-\d/g, 'dev-N')
        .replace(/\d+(?:\.\d+)? m?s\b/g, 'TIME');
    const shown = normal(`${lines('README.md', 'transcript').join('\n')}\n`);
    const now = normal(made.slice(made.indexOf('$ ')));
    const isProgress = (line: string): boolean => /^ {2}restore +(?!TIME)/.test(line);
    const without = (text: string): readonly string[] => text.split('\n').filter((line) => !isProgress(line));
    expect(without(now)).toEqual(without(shown));
    // Progress that came too fast for its reader is left out, but there is some, and none that is not shown.
    const progress = now.split('\n').filter(isProgress);
    expect(progress.length).toBeGreaterThan(0);
    expect(shown.split('\n').filter((line) => progress.includes(line))).toEqual(progress);
    expect(shown).toMatch(/^ {2}restore {13}unpack, /m);
  });
});

describe('completion', () => {
  const inBash = async (typed: string): Promise<readonly string[]> => {
    const typedWords = typed.split(' ');
    const script = `${lines('docs/cli.md', 'completion')[0] ?? ''}
      COMP_WORDS=(${typedWords.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${typedWords.length - 1}
      _actor_coordinator; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { code, stdout, stderr } = await served.type(script, { shell: 'bash' });
    expect([code, stderr]).toEqual([0, '']);
    return stdout.trimEnd().split('\n');
  };

  it('in bash knows flags and values, and the actors that there are', async (context) => {
    if (spawnSync('bash', ['--version']).status !== 0) context.skip('needs bash on PATH');
    for (const name of ['one', 'two']) await served.type(`actor-coordinator create typed/${name} -- sleep 600`);
    expect(await inBash('actor-coordinator list typed --state s')).toEqual(['suspended', 'suspending']);
    expect(await inBash('actor-coordinator resume typed/')).toEqual(['typed/one', 'typed/two']);
    expect(await inBash('actor-coordinator delete --force typed/t')).toEqual(['typed/two']);
    expect(await inBash('actor-coordinator create typed/x -- typed/')).toEqual(['']);
  });

  it('says nothing where no coordinator answers', async () => {
    const env = { ACTOR_WORKFLOW_ADDRESS: '127.0.0.1:1' };
    const { code, stdout, stderr } = await served.type('actor-coordinator __complete -- resume typed/', { env });
    expect([code, stdout, stderr]).toEqual([0, '', '']);
  });

  const skipped = (shell: string): boolean => {
    if (spawnSync(shell, ['--version']).status === 0) return false;
    console.warn(`The completion for ${shell} is not tried: that needs ${shell} on PATH`);
    return true;
  };

  it('in fish knows the same', async (context) => {
    if (skipped('fish')) context.skip('needs fish on PATH');
    const source = (lines('docs/cli.md', 'completion')[2] ?? '').replace(/ +#.*/, '');
    const script = `${source}; complete -C 'actor-coordinator list demo --state s'`;
    const { stdout } = await served.type(script, { shell: 'fish' });
    expect(stdout.trimEnd().split('\n')).toEqual(['suspended', 'suspending']);
  });

  it('for zsh is a script that it can read', async (context) => {
    if (skipped('zsh')) context.skip('needs zsh on PATH');
    const { stdout } = await served.type('actor-coordinator completion zsh');
    expect(stdout).toContain('actor-coordinator __complete -- ');
    expect(spawnSync('zsh', ['-n'], { input: stdout, encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
  });
});

// Every line of docs/cli.md as it stands, against `serve --dev`; completion in
// the shells themselves.

import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { linesOf } from '../documents.js';
import { serveDev, type Served } from '../served.js';

let served: Served;
beforeAll(async () => {
  served = await serveDev();
});
afterAll(async () => {
  await served[Symbol.asyncDispose]();
});

describe('docs/cli.md', () => {
  it('has lines that do what they say, in their order', async () => {
    const typed = linesOf('docs/cli.md', 'tried');
    for (const line of typed) {
      if (line.startsWith('curl') && spawnSync('curl', ['--version']).status !== 0) {
        console.warn(`Not tried, that needs curl on PATH: ${line}`);
        continue;
      }
      const { code, stderr } = await served.type(line);
      expect({ line, code, stderr: stderr.replace(/^it runs on; .*\n/, '') }).toEqual({ line, code: 0, stderr: '' });
    }
    const commands = new Set(typed.map((line) => /actor-coordinator (\S+)/.exec(line)?.[1]));
    const all = ['create', 'delete', 'force-release', 'get', 'list', 'pause', 'resume', 'suspend', 'watch', 'workers'];
    expect([...commands].sort()).toEqual(all);
  });
});

describe('completion', () => {
  const inBash = async (typed: string): Promise<readonly string[]> => {
    const typedWords = typed.split(' ');
    const script = `${linesOf('docs/cli.md', 'completion')[0] ?? ''}
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
    const source = (linesOf('docs/cli.md', 'completion')[2] ?? '').replace(/ +#.*/, '');
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

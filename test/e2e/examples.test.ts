// The lines of examples/*/README.md, as they stand there, against `serve --dev`.
// Those in Python and Go are in other-languages.test.ts.

import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blockOf } from '../documents.js';
import { freePort } from '../redis.js';
import { serveDev, type Ran, type Served } from '../served.js';

const hasCurl = spawnSync('curl', ['--version']).status === 0;

let served: Served;
beforeAll(async () => {
  served = await serveDev();
});
afterAll(async () => {
  await served[Symbol.asyncDispose]();
});

/** All of it in one shell, which ends at the first line that fails. */
const type = (script: string): Promise<Ran> => served.type(`set -e\n${script}`);

describe('the example', () => {
  it('counter remembers its count', async (context) => {
    if (!hasCurl) context.skip('needs curl on PATH');
    const { code, stdout, stderr } = await type(blockOf('examples/counter/README.md', 'counter'));
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.match(/^\{"count":\d\}$/gm)).toEqual(['{"count":1}', '{"count":1}']);
    await type('actor-coordinator suspend demo/counter');
  });

  it('slow-start takes its time, each time', async () => {
    const { code, stdout, stderr } = await type(blockOf('examples/slow-start/README.md', 'slow-start'));
    expect([code, stderr]).toEqual([0, '']);
    const tookSeconds = [...stdout.matchAll(/^demo\/slow is RUNNING .*, after ([\d.]+) s$/gm)].map(([, text]) =>
      Number(text),
    );
    expect(tookSeconds.length).toBe(2);
    for (const seconds of tookSeconds) expect(seconds).toBeGreaterThan(2);
    await type('actor-coordinator suspend demo/slow');
  });

  it('client wakes the actor that is asked for', async (context) => {
    if (!hasCurl) context.skip('needs curl on PATH');
    const block = blockOf('examples/client/README.md', 'wake').replaceAll('8080', String(await freePort()));
    const { code, stdout } = await type(`${block}\nkill $!; wait $!`);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\{"count":0\}$/m);
  });
});

// docs/cli.md says what the code does: each reason, its exit code, and that a
// next step comes with it.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CallError, type CallReason } from '../../src/client/call-error.js';
import { adviceFor, describeError, EXIT, exitCodeOf } from '../../src/cli/outcome.js';
import { REASONS } from '../../src/errors.js';

const reasons: readonly CallReason[] = [...REASONS, 'UNREACHABLE'];

const page = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');
const documented = page.split('\n').flatMap((line) => {
  const [, code = '', about = '', listed = ''] = /^\| (\d+) \| ([^|]+) \|([^|]*)\|$/.exec(line) ?? [];
  return code === ''
    ? []
    : [{ code: Number(code), about, reasons: [...listed.matchAll(/`(\w+)`/g)].map(([, name]) => name) }];
});

const held = new CallError('LEASE_HELD', 'ABORTED', 'as the server says', {
  metadata: { holder: 'replica-b', workflow_id: 'w1', kind: 'RESUME', expires_in_ms: '12400' },
  retryAfterMs: 12_400,
});

describe('the exit codes', () => {
  it.each(reasons)('of %s is the documented one', (reason) => {
    const row = documented.find((each) => each.reasons.includes(reason));
    expect(row?.code).toBe(exitCodeOf(new CallError(reason, '', '')));
  });

  it('are documented, all of them, each once', () => {
    const { terminated, ...listed } = EXIT;
    expect(documented.map(({ code }) => code)).toEqual(Object.values(listed));
    expect(documented.find(({ code }) => code === EXIT.interrupted)?.about).toContain(String(terminated));
    expect(documented.flatMap((row) => row.reasons).sort()).toEqual([...reasons].sort());
  });
});

describe('an error', () => {
  it.each(reasons)('%s comes with a next step that fits on a line or two', (reason) => {
    for (const command of ['resume', 'suspend', 'pause', 'watch', 'get', 'list', 'create', 'delete', 'workers']) {
      const advice = adviceFor(new CallError(reason, '', 'message'), { command, actor: 'demo/a' });
      expect(advice.length).toBeGreaterThan(10);
      expect(advice.length).toBeLessThan(160);
      expect(advice).not.toMatch(/undefined|NAMESPACE|\n/);
    }
  });

  it('of a held lease says by whom, for how long, and which flag queues for it', () => {
    expect(describeError(held)).toBe('held by replica-b for 12 s more, longer if it renews (resume w1)');
    const advice = (command: string) => adviceFor(held, { command, actor: 'demo/a' });
    expect(advice('resume')).toBe('--lease-wait 15s queues for it; --join follows it');
    expect(advice('suspend')).toBe("--lease-wait 15s queues for it; 'watch demo/a' follows it");
    expect(advice('delete')).toBe("'watch demo/a' follows it; --force deletes all the same");
  });

  it('is shown on the page as it is printed', () => {
    const [, what = '', next = ''] = /<!-- error -->\n```\nerror: (.*)\nnext: {2}(.*)\n```/.exec(page) ?? [];
    expect(what.replace(/ \(resume [-0-9a-f]{36}\)$/, ' (resume w1)')).toBe(describeError(held));
    expect(next).toBe(adviceFor(held, { command: 'suspend', actor: 'demo/a' }));
  });

  it('of a lease that nobody is known to hold says what the coordinator says', () => {
    const queued = new CallError('LEASE_HELD', 'ABORTED', '3 workflows wait already', { metadata: { holder: '' } });
    expect(describeError(queued)).toBe('3 workflows wait already');
  });

  it('names the pool that it is about', () => {
    const error = new CallError('NO_FREE_WORKER', '', '', { metadata: { pool: 'gpu' } });
    expect(adviceFor(error, { command: 'resume', actor: 'demo/a' })).toContain("'workers gpu'");
  });

  it('that a person has caused is not answered with doing it again', () => {
    const byForce = new CallError('LEASE_LOST', '', '', { metadata: { broken_by_force: 'it hangs' } });
    expect(adviceFor(byForce, { command: 'resume', actor: 'demo/a' })).not.toContain('again');
  });

  it('cannot write to the terminal what it likes', () => {
    expect(describeError(new CallError('RUNTIME_FAILED', '', 'a\u001b[2Jb'))).toBe('a [2Jb');
  });
});

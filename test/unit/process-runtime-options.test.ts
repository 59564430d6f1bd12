import { expect, test } from 'vitest';
import type { WorkloadSpec } from '../../src/actor/actor.js';
import { checkSpec } from '../../src/runtime/process/runtime-options.js';

const spec = (runtimeOptions: Record<string, unknown>, changes: Partial<WorkloadSpec> = {}): WorkloadSpec => ({
  command: ['program'],
  env: {},
  image: '',
  runtimeOptions,
  ...changes,
});

test('no options are right, and a minute is the limit for getting ready then', () => {
  expect(checkSpec(spec({}))).toEqual({ readyTimeoutMs: 60_000 });
});

test('both options are read', () => {
  expect(checkSpec(spec({ ready_path: '/up?x=1', ready_timeout_ms: 5 }))).toEqual({
    readyPath: '/up?x=1',
    readyTimeoutMs: 5,
  });
});

test.each([
  [spec({ restore_delay_ms: 5 }), 'spec.runtime_options: got "restore_delay_ms"'],
  [spec({ readyPath: '/' }), 'spec.runtime_options: got "readyPath"'],
  [spec({ ready_path: 'up' }), 'spec.runtime_options.ready_path: got "up"'],
  [spec({ ready_path: '/a b' }), 'spec.runtime_options.ready_path: got "/a b"'],
  [spec({ ready_path: 5 }), 'spec.runtime_options.ready_path: got 5'],
  [spec({ ready_timeout_ms: 0 }), 'spec.runtime_options.ready_timeout_ms: got 0'],
  [spec({ ready_timeout_ms: 1.5 }), 'spec.runtime_options.ready_timeout_ms: got 1.5'],
  [spec({ ready_timeout_ms: 3_600_001 }), 'spec.runtime_options.ready_timeout_ms: got 3600001'],
  [spec({ ready_timeout_ms: '5s' }), 'spec.runtime_options.ready_timeout_ms: got "5s"'],
  [spec({}, { command: [] }), 'spec.command: got []'],
  [spec({}, { command: ['a', 'b\0'] }), 'spec.command[1]: got "b\\u0000"'],
  [spec({}, { env: { 'a-b': '' } }), 'spec.env: got "a-b"'],
  [spec({}, { env: { A: 'secret\0' } }), 'spec.env: got "A"; expected values'],
])('what is wrong is named with what it got: %#', (wrong, message) => {
  expect(() => checkSpec(wrong)).toThrow(message);
  expect(() => checkSpec(wrong)).toThrow(expect.objectContaining({ runtimeCode: 'INVALID_ARGUMENT' }) as Error);
});

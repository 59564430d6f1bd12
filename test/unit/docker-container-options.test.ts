import { expect, test } from 'vitest';
import type { WorkloadSpec } from '../../src/actor/actor.js';
import { containerOptions } from '../../src/runtime/docker/container-options.js';

const spec = (runtimeOptions: Record<string, unknown>, changes: Partial<WorkloadSpec> = {}): WorkloadSpec => ({
  command: [],
  env: {},
  image: 'example/counter:1',
  runtimeOptions,
  ...changes,
});

test('without options all of the file system is kept, and processes are limited', () => {
  expect(containerOptions(spec({}))).toEqual({
    check: { readyTimeoutMs: 60_000 },
    port: 8080,
    workingDir: undefined,
    volumes: [],
    keepsFilesystem: true,
    memoryBytes: undefined,
    nanoCpus: undefined,
    maxPids: 4096,
  });
});

test('all options are read', () => {
  const options = {
    ready_path: '/up',
    ready_timeout_ms: 5,
    port: 9000,
    working_dir: '/state',
    volumes: ['/state', '/cache'],
    state: 'volumes',
    memory_mb: 512,
    cpus: 1.5,
    max_pids: 100,
  };
  expect(containerOptions(spec(options))).toEqual({
    check: { readyPath: '/up', readyTimeoutMs: 5 },
    port: 9000,
    workingDir: '/state',
    volumes: ['/state', '/cache'],
    keepsFilesystem: false,
    memoryBytes: 512 * 1024 * 1024,
    nanoCpus: 1.5e9,
    maxPids: 100,
  });
});

test.each([
  [spec({}, { image: '' }), 'spec.image: got nothing; expected an image'],
  [spec({}, { env: { 'A=B': '' } }), 'spec.env: got "A=B"'],
  [spec({ memory: 5 }), 'spec.runtime_options: got "memory"; expected no other options than ready_path, '],
  [spec({ ready_path: 'up' }), 'spec.runtime_options.ready_path: got "up"'],
  [spec({ port: 0 }), 'spec.runtime_options.port: got 0; expected a whole number from 1 to 65535'],
  [spec({ port: '80' }), 'spec.runtime_options.port: got "80"'],
  [spec({ working_dir: 'state' }), 'spec.runtime_options.working_dir: got "state"'],
  [spec({ volumes: '/state' }), 'spec.runtime_options.volumes: got "/state"'],
  [spec({ volumes: ['/a/../b'] }), 'spec.runtime_options.volumes: got '],
  [spec({ volumes: ['/'] }), 'spec.runtime_options.volumes: got '],
  [spec({ state: 'all' }), 'spec.runtime_options.state: got "all"; expected "filesystem" or "volumes"'],
  [spec({ memory_mb: 1 }), 'spec.runtime_options.memory_mb: got 1; expected a whole number from 6 to'],
  [spec({ cpus: 0 }), 'spec.runtime_options.cpus: got 0; expected a number from 0.01 to'],
  [spec({ max_pids: 1.5 }), 'spec.runtime_options.max_pids: got 1.5'],
])('%j is refused by the name of its field', (wrong, message) => {
  expect(() => containerOptions(wrong)).toThrow(message);
});

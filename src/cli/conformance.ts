// What `actor-coordinator conformance` does: tells whether a node runtime keeps
// its contract, one line per check. Exit code 0 when every check that could be
// made passed, 1 when one failed or nothing answers, 2 for a bad flag. It starts
// and stops actors on the workers that it is given, and so ends what runs there.

import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isDnsLabel, type WorkloadSpec } from '../actor/actor.js';
import { systemClock } from '../clock.js';
import { ConfigError, parseDuration } from '../config.js';
import { ACTOR_COMMAND } from '../conformance/actor-program.js';
import type { Check } from '../conformance/check.js';
import { CHECKS } from '../conformance/checks.js';
import { runChecks, type CheckResult } from '../conformance/run-checks.js';
import { quote } from '../errors.js';
import { isRuntimeAddress } from '../rpc/validate-worker.js';
import { defaultNodeName } from './node.js';

export interface ConformanceFlags {
  readonly target?: string;
  readonly worker?: readonly string[];
  readonly pool: string;
  readonly command?: string;
  readonly image?: string;
  readonly env?: readonly string[];
  readonly runtimeOptions?: string;
  readonly snapshotLocation?: string;
  readonly restartCommand?: string;
  readonly pace: string;
  readonly callTimeout: string;
  readonly only?: readonly string[];
  readonly list?: true;
  readonly output: string;
}

/** Resolves with the exit code. @throws ConfigError for a bad flag; RUNTIME_UNAVAILABLE where nothing answers */
export async function runConformance(flags: ConformanceFlags): Promise<number> {
  if (flags.output !== 'text' && flags.output !== 'json') {
    throw new ConfigError(`--output: got ${quote(flags.output)}; expected text or json`);
  }
  const json = flags.output === 'json';
  const checks = chosen(flags.only);
  if (flags.list === true) {
    for (const check of checks) console.log(json ? JSON.stringify(describe(check)) : listed(check));
    return 0;
  }
  const address = flags.target ?? '';
  if (!isRuntimeAddress(address)) {
    throw new ConfigError(`--target: got ${quote(flags.target)}; expected a gRPC target such as 127.0.0.1:7071`);
  }
  const workers = workersOf(flags);
  const spec = specOf(flags);
  const paceMs = atLeast('--pace', flags.pace, 50);
  const callTimeoutMs = atLeast('--call-timeout', flags.callTimeout, 1000);
  const { restartCommand } = flags;
  const stop = new AbortController();
  const onSignal = (): void => {
    if (stop.signal.aborted) process.exit(1);
    console.error('ends after this check; once more to leave at once');
    stop.abort(new Error('stopped by a signal'));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  const directory = flags.snapshotLocation === undefined ? await mkdtemp(join(tmpdir(), 'conformance-')) : undefined;
  const counts = { ok: 0, failed: 0, skipped: 0 };
  try {
    const results = runChecks({
      address,
      workers,
      spec,
      snapshotLocation: (flags.snapshotLocation ?? pathToFileURL(directory ?? '').href).replace(/\/+$/, ''),
      paceMs,
      callTimeoutMs,
      clock: systemClock,
      checks,
      signal: stop.signal,
      ...(restartCommand !== undefined && {
        restart: async () => {
          await shell(restartCommand);
          return address;
        },
      }),
    });
    for await (const result of results) {
      counts[result.outcome] += 1;
      console.log(json ? JSON.stringify(toJson(result)) : toText(result));
    }
    const { ok, failed, skipped } = counts;
    console.log(json ? JSON.stringify({ summary: counts }) : `${ok} ok, ${failed} failed, ${skipped} skipped`);
    return failed > 0 || stop.signal.aborted ? 1 : 0;
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
    if (directory !== undefined) await rm(directory, { recursive: true, force: true });
  }
}

function chosen(only: readonly string[] | undefined): readonly Check[] {
  const unknown = only?.find((prefix) => !CHECKS.some(({ id }) => id.startsWith(prefix)));
  if (unknown !== undefined) {
    const areas = [...new Set(CHECKS.map(({ id }) => id.split('/')[0] ?? ''))].join(', ');
    throw new ConfigError(`--only: got ${quote(unknown)}; expected the start of a check's name: ${areas}`);
  }
  return CHECKS.filter(({ id }) => only === undefined || only.some((prefix) => id.startsWith(prefix)));
}

function workersOf({ worker, pool }: ConformanceFlags): { readonly pool: string; readonly name: string }[] {
  const names = worker ?? [0, 1].map((index) => `${defaultNodeName()}-${String(index)}`);
  for (const [flag, text] of [['--pool', pool], ...names.map((name) => ['--worker', name] as const)] as const) {
    if (!isDnsLabel(text)) throw new ConfigError(`${flag}: got ${quote(text)}; expected a DNS-1123 label`);
  }
  return names.map((name) => ({ pool, name }));
}

function specOf({ command, image = '', env = [], runtimeOptions }: ConformanceFlags): WorkloadSpec {
  return {
    command: command === undefined ? ACTOR_COMMAND : parseCommand(command),
    image,
    env: Object.fromEntries(env.map(parseVariable)),
    ...(runtimeOptions !== undefined && { runtimeOptions: parseObject('--runtime-options', runtimeOptions) }),
  };
}

function parseCommand(text: string): readonly string[] {
  if (!text.startsWith('[')) return text.split(' ').filter((word) => word !== '');
  const words = parseJson(text);
  if (Array.isArray(words) && words.every((word) => typeof word === 'string')) return words;
  throw new ConfigError(`--command: got ${quote(text)}; expected words, or a JSON array of strings`);
}

function parseVariable(text: string): readonly [string, string] {
  const end = text.indexOf('=');
  if (end > 0) return [text.slice(0, end), text.slice(end + 1)];
  throw new ConfigError(`--env: got ${quote(text)}; expected NAME=VALUE`);
}

function parseObject(flag: string, text: string): Readonly<Record<string, unknown>> {
  const value = parseJson(text);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new ConfigError(`${flag}: got ${quote(text)}; expected a JSON object`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function atLeast(flag: string, text: string, leastMs: number): number {
  const ms = parseDuration(flag, text);
  if (ms >= leastMs) return ms;
  throw new ConfigError(`${flag}: got '${text}'; expected at least ${String(leastMs)}ms`);
}

function shell(command: string): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile('/bin/sh', ['-c', command], (error, _stdout, stderr) => {
      if (error === null) resolve();
      else reject(new Error(`--restart-command failed: ${stderr.trim() || error.message}`));
    });
  });
}

function describe({ id, title, contract }: Check): object {
  return { check: id, title, contract };
}

function listed({ id, title, contract }: Check): string {
  return `${id}\n    ${title}\n    "${contract}"`;
}

function toText({ check, outcome, expected, got, why, tookMs }: CheckResult): string {
  const took = `${(tookMs / 1000).toFixed(1)} s`;
  if (outcome === 'ok') return `ok       ${check.id}: ${check.title} (${took})`;
  if (outcome === 'skipped') return `skipped  ${check.id}: ${why ?? ''}`;
  return `FAILED   ${check.id}: expected ${expected ?? ''}; got ${got ?? ''}; the contract says: "${check.contract}"`;
}

function toJson({ check, outcome, expected, got, why, tookMs }: CheckResult): object {
  return { ...describe(check), outcome, took_ms: Math.round(tookMs), expected, got, why };
}

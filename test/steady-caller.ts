// A well-behaved caller beside an attack: see steady-caller-child.mjs.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ActorRef } from '../src/actor/actor.js';

export interface SteadyReport {
  /** That succeeded. */
  readonly calls: number;
  readonly failures: readonly string[];
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly worstMs: number;
}

export interface SteadyCaller {
  /** Ends it, and says how its calls went. */
  stop(): Promise<SteadyReport>;
}

/** Resolves when its first calls have been answered. */
export async function startSteadyCaller(address: string, actor: ActorRef): Promise<SteadyCaller> {
  const script = fileURLToPath(new URL('./steady-caller-child.mjs', import.meta.url));
  const child = spawn(process.execPath, [script, address, actor.namespace, actor.name], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const line = await lines.next();
    if (line.done === true) throw new Error('the steady caller has ended without a report');
    return line.value;
  };
  await next();
  return {
    async stop() {
      child.kill('SIGTERM');
      return JSON.parse(await next()) as SteadyReport;
    },
  };
}

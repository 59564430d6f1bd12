// What the commands of the registries share: a call, its answer as text or as
// JSON, and the exit code.

import type { Command } from 'commander';
import { toCallError } from '../client/call-error.js';
import type { CallOptions, CoordinatorClient } from '../client/coordinator-client.js';
import type { Replicas } from '../client/replicas.js';
import { unaryCall } from '../client/unary-call.js';
import { addConnectionFlags, openReplicas, retryForMs, type ConnectionFlags, type Output } from './connection-flags.js';
import { inWords } from './in-words.js';
import { Interrupt } from './interrupt.js';
import { describeError, EXIT, type Asked } from './outcome.js';
import { toProtoJson } from './proto-json.js';
import { reportError } from './report-error.js';

/** Calls one of the registries, with the command's flags. */
export type Ask = <T>(
  repeatable: boolean,
  run: (client: CoordinatorClient, options: CallOptions) => Promise<T>,
) => Promise<T>;

export function registryCommand(
  program: Command,
  name: string,
  about: string,
  examples: string,
  options: { readonly isDefault?: boolean } = {},
): Command {
  const command = program.command(name, options).description(about);
  return addConnectionFlags(command).addHelpText('after', `\nExamples:\n${examples}`);
}

/** Runs `work` and sets the process's exit code. */
export async function runCalls(flags: ConnectionFlags, asked: Asked, work: (ask: Ask) => Promise<void>): Promise<void> {
  const forMs = retryForMs(flags);
  const replicas: Replicas = openReplicas(flags);
  const interrupt = new Interrupt(
    () => undefined,
    () => undefined,
  );
  const options = {
    signal: interrupt.signal,
    onRetry: (error: Parameters<typeof describeError>[0], delayMs: number) => {
      console.error(`${describeError(error)}; again in ${inWords(delayMs)}`);
    },
    ...(forMs !== undefined && { retry: { forMs } }),
  };
  try {
    await work((repeatable, run) => unaryCall(replicas, options, repeatable, run));
    process.exitCode = EXIT.ok;
  } catch (thrown) {
    // A bug shows itself as one, with its stack.
    if (!(thrown instanceof Error) || thrown.name !== 'CallError') throw thrown;
    const error = toCallError(thrown);
    process.exitCode = interrupt.exitCode ?? reportError(error, flags.output, asked);
  } finally {
    interrupt[Symbol.dispose]();
    replicas.close();
  }
}

/** Prints one answer. @param message of proto/ below actorworkflow.v1 */
export function print(output: Output, message: string, answer: object, text: () => string): void {
  process.stdout.write(`${output === 'json' ? JSON.stringify(toProtoJson(message, answer)) : text()}\n`);
}

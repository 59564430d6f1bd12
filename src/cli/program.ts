// The command line as a whole: every command with its flags and its help. What
// only one command needs is loaded when that runs, so that the others start fast.

import { Command, Option } from 'commander';
import { parseConfig, type RawSettings } from '../config.js';
import { environmentName, SETTINGS, type Setting } from '../settings.js';
import { addActorCommands } from './actor-commands.js';
import { addCompletionCommand } from './completion.js';
import { addConformanceCommand } from './conformance-command.js';
import { addNodeCommand } from './node-command.js';
import { addWorkerCommands } from './worker-commands.js';
import { addWorkflowCommands } from './workflow-command.js';

const HELP = `
Examples:
  actor-coordinator serve --dev                          a replica with all that it needs
  actor-coordinator create demo/a -- node $PWD/examples/counter/counter.mjs
  actor-coordinator resume demo/a
  actor-coordinator get demo/a
  actor-coordinator suspend demo/a

Exit codes of those that call: 0 done, 1 failed, 2 usage, 3 not found, 4 the actor's state does not allow it,
5 another workflow holds it, 6 its lease was lost, 7 deadline, 8 no worker, 9 unavailable, 130 interrupted.`;

/** Throws a CommanderError in place of ending the process. */
export function createProgram(version: string): Command {
  const program = new Command('actor-coordinator')
    .description('Moves stateful actors between suspended and running, safely, from many replicas at once.')
    .version(version)
    .exitOverride()
    .showHelpAfterError('(--help lists the flags)')
    .addHelpText('after', HELP);
  addServeCommand(program);
  addNodeCommand(program);
  addWorkflowCommands(program);
  addActorCommands(program);
  addWorkerCommands(program);
  addConformanceCommand(program);
  addCompletionCommand(program);
  return program;
}

const SERVE_EXAMPLES = `
Examples:
  actor-coordinator serve --dev                                        with a private Redis and two workers inside
  actor-coordinator serve --redis-url redis://127.0.0.1:6379 --listen 0.0.0.0:7070 --listen unix:///run/coordinator.sock
  actor-coordinator serve --redis-url redis+sentinel://a:26379,b:26379/main --instance-id replica-a --lease-ttl 10s
  actor-coordinator serve --redis-url redis+cluster://a:6379,b:6379 --tls-cert chain.pem --tls-key key.pem`;

function addServeCommand(program: Command): void {
  const command = program
    .command('serve')
    .description('serve the ActorWorkflow, ActorRegistry and WorkerRegistry APIs')
    .addHelpText('after', SERVE_EXAMPLES);
  for (const setting of Object.values<Setting>(SETTINGS)) command.addOption(toOption(setting));
  command.action(async (raw: RawSettings) => {
    const config = parseConfig(raw);
    const { serve } = await import('./serve.js');
    process.exitCode = await serve(config);
  });
}

function toOption(setting: Setting): Option {
  const fallback = setting.default === undefined ? '' : ` (default: ${setting.default})`;
  const option = new Option(setting.flag, setting.description + fallback).env(environmentName(setting));
  if (setting.repeatable === true) {
    option.argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value]);
  }
  return option;
}

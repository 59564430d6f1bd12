#!/usr/bin/env node
// The command line: parse, run, exit code. 2 for a bad flag or a Redis that must
// not be used; the commands that call a coordinator have more, cli/outcome.ts
// says which. What only one command needs is loaded when that runs.

import { Command, CommanderError, Option } from 'commander';
import { readFileSync } from 'node:fs';
import { ConfigError, parseConfig, type RawSettings } from './config.js';
import { environmentName, SETTINGS, type Setting } from './settings.js';
import { addActorCommands } from './cli/actor-commands.js';
import { addCompletionCommand } from './cli/completion.js';
import { addConformanceCommand } from './cli/conformance-command.js';
import { addNodeCommand } from './cli/node-command.js';
import { EXIT } from './cli/outcome.js';
import { addWorkerCommands } from './cli/worker-commands.js';
import { addWorkflowCommands } from './cli/workflow-command.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const HELP = `
Examples:
  actor-coordinator serve --dev                          a replica with all that it needs
  actor-coordinator create demo/a -- node $PWD/examples/counter/counter.mjs
  actor-coordinator resume demo/a
  actor-coordinator get demo/a
  actor-coordinator suspend demo/a

Exit codes of those that call: 0 done, 1 failed, 2 usage, 3 not found, 4 the actor's state does not allow it,
5 another workflow holds it, 6 its lease was lost, 7 deadline, 8 no worker, 9 unavailable, 130 interrupted.`;

// A reader that has seen enough, such as head, ends this as it ends any other program: silently.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? EXIT.brokenPipe : EXIT.failed);
});

const program = new Command('actor-coordinator')
  .description('Moves stateful actors between suspended and running, safely, from many replicas at once.')
  .version(version)
  .exitOverride()
  .showHelpAfterError('(--help lists the flags)')
  .addHelpText('after', HELP);

const serveCommand = program
  .command('serve')
  .description('serve the ActorWorkflow, ActorRegistry and WorkerRegistry APIs');
for (const setting of Object.values<Setting>(SETTINGS)) serveCommand.addOption(toOption(setting));
serveCommand.action(async (raw: RawSettings) => {
  const config = parseConfig(raw);
  const { serve } = await import('./cli/serve.js');
  process.exitCode = await serve(config);
});
addNodeCommand(program);
addWorkflowCommands(program);
addActorCommands(program);
addWorkerCommands(program);
addConformanceCommand(program);
addCompletionCommand(program);

function toOption(setting: Setting): Option {
  const fallback = setting.default === undefined ? '' : ` (default: ${setting.default})`;
  const option = new Option(setting.flag, setting.description + fallback).env(environmentName(setting));
  if (setting.repeatable === true) {
    option.argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value]);
  }
  return option;
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has printed what is wrong; help and version are no errors.
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else if (error instanceof ConfigError) {
    console.error(error.message);
    process.exitCode = 2;
  } else {
    const message = error instanceof Error ? error.message : String(error);
    console.error(message);
    // An address that is taken, a key that does not fit its certificate: found out late, but a flag's fault.
    process.exitCode = message.startsWith('--') ? 2 : 1;
  }
}

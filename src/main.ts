#!/usr/bin/env node
// The command line: parse, run, exit code. 0 after an orderly end, 2 for a bad
// flag or a Redis that must not be used, 1 for everything else that failed.

import { Command, CommanderError, Option } from 'commander';
import { readFileSync } from 'node:fs';
import { ConfigError, parseConfig, type RawSettings } from './config.js';
import { environmentName, SETTINGS, type Setting } from './settings.js';
import { addNodeCommand } from './cli/node-command.js';
import { serve } from './cli/serve.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const program = new Command('actor-coordinator')
  .description('Moves stateful actors between suspended and running, safely, from many replicas at once.')
  .version(version)
  .exitOverride()
  .showHelpAfterError('(--help lists the flags)');

const serveCommand = program
  .command('serve')
  .description('serve the ActorWorkflow, ActorRegistry and WorkerRegistry APIs');
for (const setting of Object.values<Setting>(SETTINGS)) serveCommand.addOption(toOption(setting));
serveCommand.action(async (raw: RawSettings) => {
  process.exitCode = await serve(parseConfig(raw));
});
addNodeCommand(program);

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

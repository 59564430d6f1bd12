#!/usr/bin/env node
// The command line: parse, run, exit code. 2 for a bad flag or a Redis that must
// not be used; the commands that call a coordinator have more, cli/outcome.ts
// says which.

import { CommanderError } from 'commander';
import { readFileSync } from 'node:fs';
import { ConfigError } from './config.js';
import { EXIT } from './cli/outcome.js';
import { createProgram } from './cli/program.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

// A reader that has seen enough, such as head, ends this as it ends any other program: silently.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? EXIT.brokenPipe : EXIT.failed);
});

try {
  await createProgram(version).parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has printed what is wrong; help and version are no errors.
    process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  } else if (error instanceof ConfigError) {
    console.error(error.message);
    process.exitCode = EXIT.usage;
  } else {
    const message = error instanceof Error ? error.message : String(error);
    console.error(message);
    // An address that is taken, a key that does not fit its certificate: found out late, but a flag's fault.
    process.exitCode = message.startsWith('--') ? EXIT.usage : EXIT.failed;
  }
}

// `actor-coordinator conformance`: its flags. conformance.ts does the rest.

import type { Command } from 'commander';
import type { ConformanceFlags } from './conformance.js';

const repeatable = (value: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  value,
];

const EXAMPLES = `
The actor that is started counts, and answers over HTTP: "node -e …", unless --command says otherwise. Another one
must do the same as src/conformance/actor-program.ts, in any language. It takes about half a minute with --pace 1s.

Examples:
  A node of this project, in a pool that no actor uses, and then in a container:
    actor-coordinator node --data-dir /tmp/node --pool conformance --node-name here --coordinator 127.0.0.1:7070
    actor-coordinator conformance --target 127.0.0.1:7071 --pool conformance --worker here-0 --worker here-1
  A runtime of your own, with its actor in an image, and how to restart it:
    actor-coordinator conformance --target 10.0.0.7:7071 --worker w-0 --worker w-1 --image my/counter:1 \\
      --command '["/counter"]' --snapshot-location s3://bucket/conformance --restart-command 'systemctl restart my-runtime'
`;

export function addConformanceCommand(program: Command): void {
  program
    .command('conformance')
    .description('check a node runtime against its contract, proto/actorworkflow/v1/node_runtime.proto, over gRPC')
    .option('--target <address>', "the runtime's gRPC target, such as 127.0.0.1:7071")
    .option(
      '--worker <name>',
      'a worker of the runtime that nothing else uses: what runs on it is driven out; repeatable, and some checks need two (default: the ones that `node` has on this machine)',
      repeatable,
    )
    .option('--pool <name>', 'the pool of the workers', 'default')
    .option('--command <words>', "the actor's command: words with spaces between, or a JSON array")
    .option('--image <reference>', "the actor's image, for runtimes that run containers")
    .option('--env <name=value>', "added to the actor's environment; repeatable", repeatable)
    .option('--runtime-options <json>', 'what only this kind of runtime understands: a JSON object')
    .option(
      '--snapshot-location <uri>',
      'under which URI snapshots are written (default: a directory of this machine that is removed at the end)',
    )
    .option(
      '--restart-command <shell command>',
      'restarts the runtime in order and ends when the old one has; without it the checks that need it are skipped',
    )
    .option('--pace <duration>', 'how long the actor takes to start or to save where a check needs it to be slow', '1s')
    .option('--call-timeout <duration>', 'the longest that one call may take', '60s')
    .option('--only <prefix>', 'make only the checks whose name starts so, such as fencing; repeatable', repeatable)
    .option('--list', 'list the checks and what the contract says, and make none')
    .option('-o, --output <format>', 'text, or json: one object a line', 'text')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: ConformanceFlags) => {
      // Late, as everything that only one command needs.
      const { runConformance } = await import('./conformance.js');
      process.exitCode = await runConformance(flags);
    });
}

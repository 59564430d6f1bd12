// `actor-coordinator node`: the flags of a node with one of the built-in runtimes.

import type { Command } from 'commander';
import { ConfigError, parseDuration, parseListen, parseLogLevel } from '../config.js';
import { CoordinatorError } from '../errors.js';
import type { RuntimeFlags } from './open-runtime.js';

interface NodeFlags extends RuntimeFlags {
  readonly listen?: readonly string[];
  readonly dataDir: string;
  readonly pool: string;
  readonly workers: string;
  readonly coordinator: string;
  readonly nodeName?: string;
  readonly advertise?: string;
  readonly stopGrace: string;
  readonly logLevel: string;
}

export function addNodeCommand(program: Command): void {
  program
    .command('node')
    .description(
      'run actors on this machine: as processes, which have the rights of this command and so are for workloads that you trust; as containers; or by a Substrate node agent',
    )
    .option(
      '--listen <address>',
      'where to serve the NodeRuntime API: host:port or unix:///path; repeatable (default: 127.0.0.1:7071)',
      (value: string, before: readonly string[] | undefined) => [...(before ?? []), value],
    )
    .requiredOption('--data-dir <directory>', 'where actors, and what the node must remember, are kept')
    .requiredOption('--coordinator <address>', 'the coordinator to register with: host:port or unix:///path')
    .option(
      '--runtime <kind>',
      'what actors are: process; docker for containers of a Docker engine; atelet for those of a Substrate node agent',
      'process',
    )
    .option(
      '--docker-host <address>',
      "docker: the engine's address, unix:///path or tcp://host:port (default: $DOCKER_HOST, else unix:///var/run/docker.sock)",
    )
    .option('--publish-ip <ip>', "docker: this machine's IP address at which actors are reached", '127.0.0.1')
    .option('--atelet <address>', "atelet: the node agent's gRPC target, such as 127.0.0.1:8085")
    .option(
      '--ateom <uid>',
      "atelet: the uid of one of the agent's ateoms, which is a worker by that name; repeatable, in place of --workers",
      (value: string, before: readonly string[] | undefined) => [...(before ?? []), value],
    )
    .option('--pool <name>', 'the pool of its workers', 'default')
    .option('--workers <count>', 'how many actors can run here at once', '2')
    .option('--node-name <name>', "names the node and its workers (default: the machine's name)")
    .option('--advertise <target>', 'the gRPC target at which coordinators reach it (default: the first --listen)')
    .option('--stop-grace <duration>', 'how long an actor may take to save its state after SIGTERM', '10s')
    .option('--log-level <level>', 'trace, debug, info, warn, error or silent', 'info')
    .addHelpText(
      'after',
      `
Examples:
  actor-coordinator node --data-dir /var/lib/actors --coordinator 127.0.0.1:7070
  actor-coordinator node --data-dir /var/lib/actors --coordinator unix:///run/coordinator.sock --pool gpu --workers 8
  actor-coordinator node --data-dir /tmp/n --coordinator 10.0.0.5:7070 --listen 0.0.0.0:7071 --advertise dns:///me:7071
  actor-coordinator node --runtime docker --data-dir /var/lib/actors --coordinator 127.0.0.1:7070 --publish-ip 10.0.0.7

docs/runtimes.md describes the runtimes, and how to write and check another.`,
    )
    .action(async (flags: NodeFlags) => {
      process.exitCode = await run(flags);
    });
}

async function run(flags: NodeFlags): Promise<number> {
  // Late: the commands that only call a coordinator need none of it, and start in half the time.
  const { createLogger } = await import('../telemetry/logger.js');
  const { defaultNodeName, runNode } = await import('./node.js');
  const { chooseRuntime } = await import('./open-runtime.js');
  try {
    return await runNode({
      listen: flags.listen === undefined ? ['127.0.0.1:7071'] : parseListen(flags.listen),
      dataDir: flags.dataDir,
      pool: flags.pool,
      workers: Number(flags.workers),
      coordinator: flags.coordinator,
      stopGraceMs: parseDuration('--stop-grace', flags.stopGrace),
      openRuntime: chooseRuntime(flags),
      ...(flags.ateom !== undefined && { workerNames: flags.ateom }),
      logger: createLogger(parseLogLevel(flags.logLevel), flags.nodeName ?? defaultNodeName()),
      ...(flags.nodeName !== undefined && { nodeName: flags.nodeName }),
      ...(flags.advertise !== undefined && { advertise: flags.advertise }),
    });
  } catch (error) {
    if (error instanceof CoordinatorError && error.reason === 'INVALID_ARGUMENT') throw new ConfigError(error.message);
    throw error;
  }
}

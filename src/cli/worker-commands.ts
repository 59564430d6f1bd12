// `actor-coordinator workers`, and `workers register|deregister`.

import type { Command } from 'commander';
import type { WorkerRef } from '../client/actor.js';
import { decodeWorker } from '../client/worker.js';
import { ConfigError, parseDuration } from '../config.js';
import { toDuration } from '../rpc/time.js';
import type { ConnectionFlags } from './connection-flags.js';
import { inWords } from './in-words.js';
import { print, registryCommand, runCalls } from './registry-command.js';
import { table } from './table.js';

interface RegisterFlags extends ConnectionFlags {
  readonly runtimeAddress: string;
  readonly node: string;
  readonly ttl?: string;
}

export function addWorkerCommands(program: Command): void {
  const workers = program.command('workers').description('list the workers of a pool; register and deregister them');
  addList(workers);
  addRegister(workers);
  addDeregister(workers);
}

function addList(workers: Command): void {
  registryCommand(
    workers,
    'list',
    'list the workers of a pool, and the actors that hold them',
    `  actor-coordinator workers
  actor-coordinator workers gpu -o json | jq -r 'select(.actor | not) | .ref.name'    those that are free`,
    // So that `workers gpu` does what it looks like.
    { isDefault: true },
  )
    .argument('[pool]', 'the pool', 'default')
    .action(async (pool: string, flags: ConnectionFlags) => {
      await runCalls(flags, { command: 'workers', pool }, async (ask) => {
        const found = await ask(true, (client, options) => client.listWorkers(pool, options));
        if (flags.output === 'json') for (const worker of found) print('json', 'Worker', worker, () => '');
        else process.stdout.write(`${workerTable(found)}\n`);
      });
    });
}

function workerTable(found: readonly Parameters<typeof decodeWorker>[0][]): string {
  const rows = found
    .map(decodeWorker)
    .map(({ ref, actor, node, expireTime, runtimeAddress }) => [
      ref.name,
      actor === undefined ? '' : `${actor.namespace}/${actor.name}`,
      node,
      expireTime === undefined ? 'never' : inWords(expireTime.getTime() - Date.now()),
      runtimeAddress,
    ]);
  return table(['NAME', 'ACTOR', 'NODE', 'EXPIRES', 'RUNTIME'], rows);
}

function addRegister(workers: Command): void {
  registryCommand(
    workers,
    'register',
    'register a worker, or update where its node runtime is; a node runtime does this itself',
    `  actor-coordinator workers register gpu/w0 --runtime-address dns:///10.0.0.7:7071 --node rack1-7`,
  )
    .argument('<worker>', 'POOL/NAME')
    .requiredOption('--runtime-address <target>', 'where its node runtime listens: dns:///host:port or unix:///path')
    .requiredOption('--node <name>', 'the machine that it is on')
    .option('--ttl <duration>', 'it is taken out of service unless it registers again within this time')
    .action(async (worker: string, flags: RegisterFlags) => {
      const ref = parseWorker(worker);
      const ttlMs = flags.ttl === undefined ? undefined : parseDuration('--ttl', flags.ttl);
      const request = {
        worker: ref,
        runtime_address: flags.runtimeAddress,
        node: flags.node,
        ...(ttlMs !== undefined && { ttl: toDuration(ttlMs) }),
      };
      await runCalls(flags, { command: 'workers', pool: ref.pool }, async (ask) => {
        const registered = await ask(true, (client, options) => client.registerWorker(request, options));
        print(flags.output, 'Worker', registered, () => `registered ${worker}`);
      });
    });
}

function addDeregister(workers: Command): void {
  registryCommand(
    workers,
    'deregister',
    'take a worker out of service',
    `  actor-coordinator workers deregister gpu/w0
  actor-coordinator workers deregister gpu/w0 --force    although it holds an actor, which is CRASHED then`,
  )
    .argument('<worker>', 'POOL/NAME')
    .option('--force', 'also while it holds an actor, which is CRASHED then')
    .action(async (worker: string, flags: ConnectionFlags & { readonly force?: boolean }) => {
      const ref = parseWorker(worker);
      await runCalls(flags, { command: 'workers', pool: ref.pool }, async (ask) => {
        await ask(false, (client, options) => client.deregisterWorker(ref, flags.force ?? false, options));
        if (flags.output === 'text') process.stdout.write(`deregistered ${worker}\n`);
      });
    });
}

function parseWorker(text: string): WorkerRef {
  const [pool = '', name = '', ...more] = text.split('/');
  if (pool !== '' && name !== '' && more.length === 0) return { pool, name };
  throw new ConfigError(`<worker>: got '${text}'; expected POOL/NAME, such as default/w0`);
}

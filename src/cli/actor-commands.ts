// `actor-coordinator create|get|list|delete|force-release`.

import { Option, type Command } from 'commander';
import { decodeActor, decodeLease, toActorRef, type ActorRef, type ActorState } from '../client/actor.js';
import type { Actor__Output } from '../generated/actorworkflow/v1/Actor.js';
import { ConfigError, parseDuration } from '../config.js';
import { toDuration } from '../rpc/time.js';
import { toStruct } from '../rpc/struct.js';
import { usable, type ConnectionFlags } from './connection-flags.js';
import { describeActor } from './describe-actor.js';
import { ago, inWords } from './in-words.js';
import { print, registryCommand, runCalls } from './registry-command.js';
import { table } from './table.js';

const STATES: readonly ActorState[] = [
  'SUSPENDED',
  'RESUMING',
  'RUNNING',
  'SUSPENDING',
  'PAUSING',
  'PAUSED',
  'CRASHED',
];

const PAGE_SIZE = 500;

interface CreateFlags extends ConnectionFlags {
  readonly env: readonly string[];
  readonly pool?: string;
  readonly image?: string;
  readonly snapshot?: string;
  readonly runtimeOptions?: string;
}

interface ListFlags extends ConnectionFlags {
  readonly state: readonly ActorState[];
  readonly stuck?: string;
  readonly limit?: string;
}

export function addActorCommands(program: Command): void {
  addCreate(program);
  addGet(program);
  addList(program);
  addDelete(program);
  addForceRelease(program);
}

function addCreate(program: Command): void {
  registryCommand(
    program,
    'create',
    'create an actor, SUSPENDED; resume starts it',
    `  actor-coordinator create demo/a -- node /srv/counter.mjs
  actor-coordinator create demo/a --env LOG=debug --env PORT_RANGE=8000-9000 --pool gpu -- python3 /srv/agent.py
  actor-coordinator create demo/a --image registry.example/agent:3
  actor-coordinator create demo/a --runtime-options '{"ready_path": "/healthz"}' -- /srv/server`,
  )
    .argument('<actor>', 'NAMESPACE/NAME')
    .argument(
      '[command...]',
      'after --: the program and its arguments; a program by its absolute path, since the actor has a directory of its own',
    )
    .addOption(
      new Option('--env <name=value>', 'an environment variable; repeatable').argParser(collect).default([], 'none'),
    )
    .option('--pool <name>', 'which workers may run it (default: default)')
    .option('--image <reference>', 'an OCI image, for runtimes that run containers')
    .option('--snapshot <uri>', 'start from this durable snapshot in place of a boot')
    .option('--runtime-options <json>', 'what only one kind of runtime understands')
    .action(async (actor: string, command: readonly string[], flags: CreateFlags) => {
      const ref = parseRef(actor);
      const request = {
        actor: ref,
        pool: flags.pool ?? '',
        spec: {
          command: [...command],
          env: Object.fromEntries(flags.env.map(parseEnv)),
          image: flags.image ?? '',
          ...(flags.runtimeOptions !== undefined && { runtime_options: parseOptions(flags.runtimeOptions) }),
        },
        ...(flags.snapshot !== undefined && {
          snapshot: { uri: flags.snapshot, location: 'SNAPSHOT_LOCATION_DURABLE' as const },
        }),
      };
      await runCalls(flags, { command: 'create', actor }, async (ask) => {
        const created = await ask(false, (client, options) => client.createActor(request, options));
        print(flags.output, 'Actor', created, () => `created ${actor}; 'actor-coordinator resume ${actor}' starts it`);
      });
    });
}

function addGet(program: Command): void {
  registryCommand(
    program,
    'get',
    'show an actor: who works on it, on which step, for how long',
    `  actor-coordinator get demo/a
  actor-coordinator get demo/a -o json | jq -r .state`,
  )
    .argument('<actor>', 'NAMESPACE/NAME')
    .action(async (actor: string, flags: ConnectionFlags) => {
      const ref = parseRef(actor);
      await runCalls(flags, { command: 'get', actor }, async (ask) => {
        const found = await ask(true, (client, options) => client.getActor(ref, options));
        print(flags.output, 'Actor', found, () => describeActor(decodeActor(found)));
      });
    });
}

function addList(program: Command): void {
  registryCommand(
    program,
    'list',
    'list the actors of a namespace, in the order of their names',
    `  actor-coordinator list demo
  actor-coordinator list demo --state running --state crashed
  actor-coordinator list demo --stuck 1m                 what has been in between for longer than a minute
  actor-coordinator list demo -o json | jq -r .ref.name`,
  )
    .argument('<namespace>')
    .addOption(stateOption())
    .option('--stuck <duration>', 'only actors that have been RESUMING, SUSPENDING or PAUSING for longer')
    .option('--limit <count>', 'at most so many')
    .action(async (namespace: string, flags: ListFlags) => {
      const limit = parseLimit(flags.limit);
      const stuckMs = flags.stuck === undefined ? undefined : parseDuration('--stuck', flags.stuck);
      await runCalls(flags, { command: 'list' }, async (ask) => {
        const actors: Actor__Output[] = [];
        let pageToken = '';
        do {
          const request = {
            namespace,
            page_size: Math.min(PAGE_SIZE, limit - actors.length),
            page_token: pageToken,
            states: flags.state.map((state) => `ACTOR_STATE_${state}` as const),
            ...(stuckMs !== undefined && { transitional_for: toDuration(stuckMs) }),
          };
          const page = await ask(true, (client, options) => client.listActors(request, options));
          actors.push(...page.actors);
          pageToken = page.next_page_token;
        } while (pageToken !== '' && actors.length < limit);
        if (flags.output === 'json') for (const actor of actors) print('json', 'Actor', actor, () => '');
        else process.stdout.write(`${actorTable(actors)}\n`);
      });
    });
}

function actorTable(actors: readonly Actor__Output[]): string {
  const rows = actors
    .map(decodeActor)
    .map((actor) => [
      actor.ref.name,
      actor.state,
      ago(actor.updateTime).replace(' ago', ''),
      actor.pool,
      actor.worker?.name ?? '',
      actor.address,
      actor.lastFailure?.reason ?? '',
    ]);
  return table(['NAME', 'STATE', 'CHANGED', 'POOL', 'WORKER', 'ADDRESS', 'FAILURE'], rows);
}

function addDelete(program: Command): void {
  registryCommand(
    program,
    'delete',
    'delete an actor that is SUSPENDED, PAUSED or CRASHED',
    `  actor-coordinator delete demo/a
  actor-coordinator delete demo/a --force    whatever it does: stops it, without a snapshot`,
  )
    .argument('<actor>', 'NAMESPACE/NAME')
    .option('--force', 'break its lease, stop what runs, free its worker, then delete')
    .action(async (actor: string, flags: ConnectionFlags & { readonly force?: boolean }) => {
      const ref = parseRef(actor);
      await runCalls(flags, { command: 'delete', actor }, async (ask) => {
        await ask(false, (client, options) => client.deleteActor(ref, { ...options, force: flags.force ?? false }));
        if (flags.output === 'text') process.stdout.write(`deleted ${actor}\n`);
      });
    });
}

function addForceRelease(program: Command): void {
  registryCommand(
    program,
    'force-release',
    "break an actor's lease, whoever holds it: for when a workflow hangs",
    `  actor-coordinator get demo/a                                     who holds it, for how long
  actor-coordinator force-release demo/a --reason 'image pull hangs'`,
  )
    .argument('<actor>', 'NAMESPACE/NAME')
    .requiredOption('--reason <text>', "why: for the log, and for the holder's caller")
    .action(async (actor: string, flags: ConnectionFlags & { readonly reason: string }) => {
      const ref = parseRef(actor);
      await runCalls(flags, { command: 'force-release', actor }, async (ask) => {
        const answer = await ask(false, (client, options) => client.forceRelease(ref, flags.reason, options));
        print(flags.output, 'ForceReleaseResponse', answer, () => {
          if (answer.broken === null) return `nobody held ${actor}`;
          const { holder, kind, acquireTime } = decodeLease(answer.broken);
          const held = acquireTime === undefined ? '' : ` after ${inWords(Date.now() - acquireTime.getTime())}`;
          return `broke the lease of ${holder === '' ? 'somebody' : holder} on ${actor} (${kind.toLowerCase()})${held}; 'resume ${actor}' or 'suspend ${actor}' goes on`;
        });
      });
    });
}

function parseRef(actor: string): ActorRef {
  return usable('<actor>', () => toActorRef(actor));
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function parseEnv(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new ConfigError(`--env: got '${text}'; expected NAME=VALUE`);
}

function parseOptions(text: string): ReturnType<typeof toStruct> {
  let options: unknown;
  try {
    options = JSON.parse(text);
  } catch {
    options = undefined;
  }
  if (typeof options === 'object' && options !== null && !Array.isArray(options)) return toStruct({ ...options });
  throw new ConfigError(
    `--runtime-options: got '${text}'; expected a JSON object, such as '{"ready_path": "/healthz"}'`,
  );
}

function parseState(text: string): ActorState {
  const state = STATES.find((each) => each === text.toUpperCase());
  if (state !== undefined) return state;
  throw new ConfigError(`--state: got '${text}'; expected one of ${STATES.join(', ').toLowerCase()}`);
}

function stateOption(): Option {
  const choices = STATES.map((state) => state.toLowerCase());
  const option = new Option('--state <state>', `only actors in it; repeatable: ${choices.join(', ')}`)
    .argParser((value: string, before: readonly ActorState[]) => [...before, parseState(value)])
    .default([], 'any');
  // For completion; `choices()` would keep the last one only.
  option.argChoices = choices;
  return option;
}

function parseLimit(text: string | undefined): number {
  if (text === undefined) return Infinity;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new ConfigError(`--limit: got '${text}'; expected a whole number from 1`);
}

// `actor-coordinator completion bash|zsh|fish` prints a script for the shell,
// and that asks this program for the words: commands, flags, their values, and
// the names of actors if the coordinator answers at once. Guarantees: a TAB
// never prints an error and never waits for longer than half a second.

import { Argument, type Command, type Option } from 'commander';
import { unaryCall } from '../client/unary-call.js';
import { openReplicas, type ConnectionFlags } from './connection-flags.js';

const SCRIPTS: Readonly<Record<string, string>> = {
  bash: `# eval "$(actor-coordinator completion bash)"
_actor_coordinator() {
  local IFS=$'\\n'
  COMPREPLY=($(actor-coordinator __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -F _actor_coordinator actor-coordinator`,
  zsh: `#compdef actor-coordinator
# eval "$(actor-coordinator completion zsh)", or into a file _actor-coordinator on $fpath
_actor_coordinator() {
  local -a found
  found=("\${(@f)$(actor-coordinator __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -- $found
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _actor_coordinator "$@"; else compdef _actor_coordinator actor-coordinator; fi`,
  fish: `# actor-coordinator completion fish | source
complete -c actor-coordinator -f -a '(actor-coordinator __complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'`,
};

const ANSWER_WITHIN_MS = 500;
const MAX_NAMES = 1000;

export function addCompletionCommand(program: Command): void {
  program
    .command('completion')
    .description('print a completion script for a shell')
    .addArgument(new Argument('<shell>').choices(Object.keys(SCRIPTS)))
    .addHelpText(
      'after',
      `
Examples:
  eval "$(actor-coordinator completion bash)"         in ~/.bashrc
  eval "$(actor-coordinator completion zsh)"          in ~/.zshrc, after compinit
  actor-coordinator completion fish | source          in ~/.config/fish/config.fish`,
    )
    .action((shell: string) => {
      process.stdout.write(`${SCRIPTS[shell] ?? ''}\n`);
    });
  program
    .command('__complete', { hidden: true })
    .argument('[words...]')
    .action(async (words: readonly string[]) => {
      const found = await candidates(program, words).catch(() => []);
      for (const word of found) process.stdout.write(`${word}\n`);
    });
}

/** @param words after the program's name; the last one is to be completed, and may be empty */
export async function candidates(program: Command, words: readonly string[]): Promise<readonly string[]> {
  const last = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const { command, operands, pending } = walk(program, before);
  const matching = (all: readonly string[]): readonly string[] => all.filter((word) => word.startsWith(last));
  if (before.includes('--')) return [];
  if (pending !== undefined) return matching(pending.argChoices ?? []);
  if (last.startsWith('-')) return matching(flagsOf(withoutName(command)));
  if (operands === 0 && command.commands.length > 0) return matching(namesOf(command));
  const argument = command.registeredArguments[operands];
  if (argument?.argChoices !== undefined) return matching(argument.argChoices);
  return argument?.name() === 'actor' ? matching(await actorNames(command, before, last)) : [];
}

/** Which command the words lead to, how many operands they have given it, and the option that waits for its value. */
function walk(
  program: Command,
  words: readonly string[],
): { readonly command: Command; readonly operands: number; readonly pending: Option | undefined } {
  let command = program;
  let operands = 0;
  let pending: Option | undefined;
  for (const word of words) {
    if (pending !== undefined) {
      pending = undefined;
      continue;
    }
    if (word.startsWith('-')) {
      command = withoutName(command);
      const option = command.options.find(({ long, short }) => long === word || short === word);
      if (option?.required === true) pending = option;
      continue;
    }
    const next = operands === 0 ? command.commands.find((each) => each.name() === word) : undefined;
    if (next === undefined) {
      command = withoutName(command);
      operands += 1;
    } else command = next;
  }
  return { command, operands, pending };
}

/** `workers gpu` is `workers list gpu`. */
function withoutName(command: Command): Command {
  return command.commands.find((each) => command.parent !== null && each.name() === 'list') ?? command;
}

function flagsOf(command: Command): readonly string[] {
  const names = command.options.filter(({ hidden }) => !hidden).map(({ long }) => long ?? '');
  return [...names.filter((name) => name !== ''), '--help'];
}

function namesOf(command: Command): readonly string[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map((each) => each.name());
}

/** Those of the namespace that has been typed: the coordinator lists no namespaces. */
async function actorNames(command: Command, before: readonly string[], typed: string): Promise<readonly string[]> {
  const [namespace = '', ...rest] = typed.split('/');
  if (rest.length !== 1) return [];
  command.parseOptions([...before]);
  const flags = { ...command.opts<ConnectionFlags>() };
  const address = process.env['ACTOR_WORKFLOW_ADDRESS'];
  const isGiven = command.getOptionValueSource('address') === 'cli' || address === undefined;
  const replicas = openReplicas(isGiven ? flags : { ...flags, address: address.split(',') });
  try {
    const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
    const request = { namespace, page_size: MAX_NAMES };
    const page = await unaryCall(replicas, { signal }, true, (client, options) => client.listActors(request, options));
    return page.actors.map(({ ref }) => `${namespace}/${ref?.name ?? ''}`);
  } finally {
    replicas.close();
  }
}

// The examples that each --help teaches with can be typed: their commands, their
// flags and their operands are there.

import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { candidates } from '../../src/cli/completion.js';
import { createProgram } from '../../src/cli/program.js';

const program = createProgram('1.2.3');
const named = (name: string): Command => {
  let command = program;
  for (const word of name.split(' ').filter((each) => each !== '')) {
    const next = command.commands.find((each) => each.name() === word);
    if (next === undefined) throw new Error(`no command ${name}`);
    command = next;
  }
  return command;
};

/** As it is printed, with what `addHelpText` adds. */
function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part), getOutHelpWidth: () => 200 });
  command.outputHelp();
  return text;
}

/** Without what is behind a pipe or a second command, and what a remark says. */
const exampleLines = (help: string): readonly string[] =>
  [...help.slice(help.indexOf('Examples:')).matchAll(/^ +(?:eval "\$\()?(actor-coordinator .*)$/gm)].map(
    ([, line = '']) => line.replace(/ {3,}.*| \| .*| && .*|\)"?$|\)" .*/g, '').trim(),
  );

/** As a shell would, as far as these need it. */
const words = (line: string): readonly string[] =>
  [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');

const CALLING = ['resume', 'suspend', 'pause', 'watch', 'create', 'get', 'list', 'delete', 'force-release'];
const teaching = [
  'serve',
  'node',
  ...CALLING,
  'workers list',
  'workers register',
  'workers deregister',
  'conformance',
  'completion',
  '',
];

describe('the help', () => {
  it.each(teaching)('of "%s" teaches with examples, and all of them parse', (name) => {
    const examples = exampleLines(helpOf(named(name)));
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) {
      const [, ...typed] = words(example);
      let command = program;
      while (command.commands.some((each) => each.name() === typed[0]))
        command = named([command === program ? '' : command.name(), typed.shift() ?? ''].join(' '));
      // `workers gpu` is `workers list gpu`.
      if (command.name() === 'workers') command = named('workers list');
      const { operands, unknown } = command.parseOptions([...typed]);
      expect({ example, unknown: unknown.filter((word) => word !== '--') }).toEqual({ example, unknown: [] });
      const least = command.registeredArguments.filter(({ required }) => required).length;
      expect(operands.length, example).toBeGreaterThanOrEqual(command.commands.length > 0 ? 0 : least);
    }
  });

  it.each(CALLING)('of "%s" says where the coordinator is looked for', (name) => {
    const help = helpOf(named(name));
    for (const text of ['--address', 'ACTOR_WORKFLOW_ADDRESS', '127.0.0.1:7070', '--tls-ca', '--output']) {
      expect(help).toContain(text);
    }
  });
});

describe('completion', () => {
  const complete = (typed: string) => candidates(program, typed.split(' '));

  it.each([
    ['re', ['resume']],
    ['resume --lease', ['--lease-wait']],
    ['resume demo/a --j', ['--join']],
    ['resume --lease-wait 5s --dea', ['--deadline']],
    ['resume --lease-wait ', []],
    ['list demo --state s', ['suspended', 'suspending']],
    ['get demo/a -o ', ['text', 'json']],
    ['resume demo/a -o ', ['text', 'json', 'address']],
    ['get demo/a --output j', ['json']],
    ['workers de', ['deregister']],
    ['workers gpu -o j', ['json']],
    ['workers -o j', ['json']],
    ['workers --tls-k', ['--tls-key']],
    [
      'workers deregister --',
      [
        '--address',
        '--output',
        '--retry',
        '--tls',
        '--tls-ca',
        '--tls-cert',
        '--tls-key',
        '--tls-server-name',
        '--force',
        '--help',
      ],
    ],
    ['completion ', ['bash', 'zsh', 'fish']],
    ['completion bash ', []],
    ['create demo/x -- ', []],
    // The coordinator lists no namespaces.
    ['resume dem', []],
    ['__', []],
  ])('of "%s" is %j', async (typed, expected) => {
    expect(await complete(typed)).toEqual(expected);
  });

  it('of nothing is every command that is shown', async () => {
    const all = await complete('');
    for (const name of [...CALLING, 'serve', 'node', 'workers', 'completion']) expect(all).toContain(name);
    expect(all).not.toContain('__complete');
  });
});

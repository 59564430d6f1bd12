// The documents as a whole: every block that somebody could type is typed by a
// test, every command that is named in passing is there, and no link leads
// nowhere. That what is typed does what it should, those tests say.

import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../../src/cli/program.js';
import { blocksOf, documents, readText, type Block } from '../documents.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Document and marker → the test that types what stands there. */
const TRIED_BY: Readonly<Record<string, string>> = {
  'README.md start': 'e2e/newcomer.test.ts',
  'README.md quick-start': 'e2e/newcomer.test.ts',
  'README.md transcript': 'e2e/newcomer.test.ts',
  'README.md demo': 'e2e/newcomer.test.ts',
  'README.md grpcurl': 'e2e/readme.test.ts',
  'README.md buf': 'e2e/readme.test.ts',
  'README.md client': 'e2e/client-package.test.ts',
  'README.md node': 'e2e/readme.test.ts',
  'docs/redis.md redis': 'e2e/readme.test.ts',
  'docs/cli.md tried': 'e2e/cli-docs.test.ts',
  'docs/cli.md error': 'unit/cli-outcome.test.ts',
  'docs/cli.md completion': 'e2e/cli-docs.test.ts',
  'docs/client.md example': 'e2e/client-package.test.ts',
  'docs/other-languages.md python': 'e2e/other-languages.test.ts',
  'docs/other-languages.md go': 'e2e/other-languages.test.ts',
  'docs/redis.md acl': 'chaos/redis-acl.test.ts',
  'docs/runtimes.md node': 'e2e/runtimes-docs.test.ts',
  'docs/runtimes.md conformance': 'e2e/runtimes-docs.test.ts',
  'docs/runtimes.md python': 'e2e/runtimes-docs.test.ts',
  'docs/runtimes.md python-conformance': 'e2e/runtimes-docs.test.ts',
  'docs/runtimes.md python-actor': 'e2e/runtimes-docs.test.ts',
  'docs/runtimes.md process-node': 'e2e/runtimes-docs.test.ts',
  'docs/runtimes.md docker-node': 'e2e/runtimes-docs.test.ts',
  'docs/runtimes.md docker-actor': 'e2e/runtimes-docs.test.ts',
  'docs/runtimes.md atelet-node': 'e2e/runtimes-docs.test.ts',
  'examples/client/README.md wake': 'e2e/examples.test.ts',
  'examples/counter/README.md counter': 'e2e/examples.test.ts',
  'examples/slow-start/README.md slow-start': 'e2e/examples.test.ts',
};

/** What is drawn, or shows what something prints: in no language, and nothing that a test looks for. */
const isShown = ({ language, marker }: Block): boolean => language === '' && marker === undefined;

const blocks = documents().flatMap((file) =>
  blocksOf(file)
    .filter((block) => !isShown(block))
    .map((block) => ({ file, ...block, name: `${file} ${block.marker ?? `line ${block.line}`}` })),
);

describe('the blocks of the documents', () => {
  it('are tried by a test, each of them', () => {
    expect(blocks.map(({ name }) => name).sort()).toEqual(Object.keys(TRIED_BY).sort());
  });

  it.each(Object.entries(TRIED_BY))('%s by %s, which looks for it', (name, test) => {
    const [file = '', marker = ''] = name.split(' ');
    const source = readText(`test/${test}`);
    // The rights of Redis are found by the line itself.
    const looksFor = marker === 'acl' ? '/^user coordinator' : marker;
    expect([basename(file), looksFor].filter((text) => !source.includes(text))).toEqual([]);
  });
});

/** In blocks and between backticks. */
const typed = documents().flatMap((file) => {
  const inline = [...readText(file).matchAll(/`([^`\n]+)`/g)].map(([, text = '']) => text);
  const lines = blocks.filter((block) => block.file === file).flatMap(({ text }) => text.split('\n'));
  return [...inline, ...lines].map((text) => ({ file, text }));
});

function everyMatch(pattern: RegExp): readonly (readonly [string, string])[] {
  return typed.flatMap(({ file, text }) =>
    [...text.matchAll(pattern)].map(([, found = '']) => [file, found.trim()] as const),
  );
}

describe('what the documents name in passing', () => {
  const program = createProgram('1.2.3');
  // Up to what a shell makes of it.
  const commands = everyMatch(/(?<![\w./-])actor-coordinator((?: +(?:'[^']*'|"[^"]*"|[^\s|&;()#'"…]+))+)/g);

  it.each(commands)('%s: the command%s is there, with its flags', (_file, line) => {
    const words = [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c ?? '');
    let command: Command = program;
    for (let next = find(command, words[0]); next !== undefined; next = find(command, words[0])) {
      command = next;
      words.shift();
    }
    expect(command, line).not.toBe(program);
    const { unknown } = command.parseOptions(words);
    const dashes = unknown.indexOf('--');
    expect(unknown.slice(0, dashes < 0 ? undefined : dashes).filter((word) => word.startsWith('-'))).toEqual([]);
  });

  it('by npm run is a script', () => {
    const { scripts } = JSON.parse(readText('package.json')) as { scripts: Record<string, string> };
    const names = everyMatch(/npm run ([\w:-]+)/g).map(([, name]) => name);
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });

  it('of tests, scripts and sources is where it says', () => {
    const paths = everyMatch(/^((?:test|scripts|src|docs|examples|bench)\/[\w./-]+)$/g);
    expect(paths.length).toBeGreaterThan(0);
    expect(paths.filter(([, path]) => !existsSync(join(ROOT, path)))).toEqual([]);
  });
});

function find(command: Command, word: string | undefined): Command | undefined {
  return command.commands.find((each) => each.name() === word);
}

describe('the links of the documents', () => {
  it.each(documents())('%s: lead somewhere', (file) => {
    const text = readText(file).replace(/^```[^]*?^```$/gm, '');
    const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
    const dead = targets.filter((target) => {
      if (/^https?:/.test(target)) return false;
      const [path = '', anchor] = target.split('#');
      const there = path === '' ? join(ROOT, file) : join(ROOT, dirname(file), path);
      if (!existsSync(there)) return true;
      return anchor !== undefined && !anchorsOf(there).includes(anchor);
    });
    expect(dead).toEqual([]);
  });
});

/** As GitHub makes them of headings. */
function anchorsOf(path: string): readonly string[] {
  const text = readFileSync(path, 'utf8');
  const named = [...text.matchAll(/<a (?:name|id)="([^"]+)"/g)].map(([, name = '']) => name);
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-'),
  );
  return [...named, ...headings];
}

// The documents as their readers see them: the blocks between fences, each with
// the marker in front of it by which a test finds it, such as <!-- grpcurl -->.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../', import.meta.url));

export interface Block {
  /** Without the brackets; undefined: it has none. */
  readonly marker: string | undefined;
  /** What stands behind the fence: sh, console, ts, json, or nothing. */
  readonly language: string;
  readonly text: string;
  /** Of its fence, from 1. */
  readonly line: number;
}

/** Those that tell somebody to type something; docs/decisions/ tells why. */
export function documents(): readonly string[] {
  const pages = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'));
  const examples = readdirSync(join(ROOT, 'examples')).map((name) => `examples/${name}/README.md`);
  const all = ['README.md', 'CONTRIBUTING.md', ...pages.map((name) => `docs/${name}`), ...examples];
  return all.filter((file) => readText(file) !== '').sort();
}

/** @param file from the clone's root; '' where there is none */
export function readText(file: string): string {
  try {
    return readFileSync(join(ROOT, file), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

export function blocksOf(file: string): readonly Block[] {
  const text = readText(file);
  return [...text.matchAll(/^(?:<!-- ([\w-]+) -->\n+)?```(\w*)\n([^]*?)^```$/gm)].map((found) => {
    const [, marker, language = '', content = ''] = found;
    const line = text.slice(0, found.index).split('\n').length + (marker === undefined ? 0 : 1);
    return { marker, language, text: content, line };
  });
}

/** @throws Error unless the file has just one block with that marker */
export function blockOf(file: string, marker: string): string {
  const [found, ...more] = blocksOf(file).filter((block) => block.marker === marker);
  if (found === undefined || more.length > 0) throw new Error(`${file}: expected one block after <!-- ${marker} -->`);
  return found.text.trimEnd();
}

export const linesOf = (file: string, marker: string): readonly string[] => blockOf(file, marker).split('\n');

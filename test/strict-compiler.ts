// TypeScript at its strictest, for projects of tests: what a caller of the
// client may have turned on.

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './served.js';

const compilerOptions = {
  target: 'ES2022',
  module: 'nodenext',
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  verbatimModuleSyntax: true,
  // Whoever leaves this on must get through, too.
  skipLibCheck: false,
};

/** Compiles every .ts of a directory. @returns what the compiler has to say: nothing, if all is well */
export function compileStrictly(project: string): string {
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  return spawnSync(process.execPath, [tsc, '-p', project], { encoding: 'utf8' }).stdout;
}

// Writes from the .proto files: src/generated, the TypeScript types of every
// message and service and the descriptor set that server reflection serves; and
// docs/api.md. All are checked in, so that a build needs no generator; `--check`
// compares them with what the protos give now and fails when they are stale.
// The same protos and the same versions of the generators give the same bytes.

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { apiDocs } from './api-docs.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const target = join(root, 'src', 'generated');
const apiPage = join(root, 'docs', 'api.md');
const require = createRequire(import.meta.url);

const protos = [
  'actorworkflow/v1/actor_workflow.proto',
  'actorworkflow/v1/registry.proto',
  'actorworkflow/v1/node_runtime.proto',
  'atelet/atelet.proto',
  'google/rpc/status.proto',
  'google/rpc/error_details.proto',
  'health/v1/health.proto',
];

// Must agree with the options that the packages are loaded with at run time.
const loaderOptions = ['--keepCase', '--longs=String', '--enums=String', '--defaults', '--oneofs'];

/** The file behind a package's command: run by node, so that a missing execute bit or PATH does not matter. */
function bin(packageName, command) {
  const manifestPath = require.resolve(`${packageName}/package.json`);
  const { bin } = JSON.parse(readFileSync(manifestPath, 'utf8'));
  return join(dirname(manifestPath), bin[command]);
}

function run(script, args) {
  try {
    execFileSync(process.execPath, [script, ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    process.stderr.write(`${error.stdout ?? ''}${error.stderr ?? ''}`);
    throw new Error(`generate: ${relative(root, script)} failed: ${error.message.split('\n')[0]}`, { cause: error });
  }
}

function generate(directory) {
  run(bin('@grpc/proto-loader', 'proto-loader-gen-types'), [
    ...loaderOptions,
    '--includeComments',
    '--grpcLib=@grpc/grpc-js',
    '--importFileExtension=.js',
    `--outDir=${directory}`,
    ...['-I', 'proto', 'node_modules/grpc-health-check/proto', '--'],
    ...protos,
  ]);
  run(bin('@bufbuild/buf', 'buf'), ['build', '--as-file-descriptor-set', '-o', join(directory, 'descriptors.binpb')]);
  for (const name of readdirSync(directory)) if (name.endsWith('.ts')) excuseUnused(join(directory, name));
}

/** docs/api.md as it should be; `directory` takes what it is made from. */
function describe(directory) {
  const descriptors = join(directory, 'descriptors.json');
  run(bin('@bufbuild/buf', 'buf'), ['build', '--as-file-descriptor-set', '-o', descriptors]);
  const text = apiDocs(JSON.parse(readFileSync(descriptors, 'utf8')), 'actorworkflow.v1');
  rmSync(descriptors);
  return text;
}

/** For a proto without services the generator declares two names that it does not use, which tsconfig.json forbids. */
function excuseUnused(path) {
  const text = readFileSync(path, 'utf8');
  if (text.includes('SubtypeConstructor<typeof')) return;
  writeFileSync(path, `// @ts-nocheck: two unused declarations, since this proto has no service\n${text}`);
}

/** Path below `directory`, with forward slashes → bytes. */
function readTree(directory) {
  let entries;
  try {
    entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  } catch (error) {
    if (error.code === 'ENOENT') return new Map();
    throw error;
  }
  return new Map(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [relative(directory, path).split(sep).join('/'), readFileSync(path)]),
  );
}

function differences(fresh, checkedIn) {
  const stale = [];
  for (const [path, bytes] of fresh) {
    const present = checkedIn.get(path);
    if (present === undefined) stale.push(`missing: ${path}`);
    else if (!present.equals(bytes)) stale.push(`differs: ${path}`);
  }
  for (const path of checkedIn.keys()) if (!fresh.has(path)) stale.push(`left over: ${path}`);
  return stale.sort();
}

const unknown = process.argv.slice(2).filter((argument) => argument !== '--check');
if (unknown.length > 0) {
  console.error(`generate: got ${JSON.stringify(unknown[0])}; the only argument is --check`);
  process.exit(2);
}
const check = process.argv.includes('--check');
// Not in the system's temp directory: renaming works within one file system only.
const cache = join(root, '.cache');
mkdirSync(cache, { recursive: true });
const fresh = mkdtempSync(join(cache, 'generated-'));
try {
  generate(fresh);
  const api = describe(fresh);
  if (check) {
    const stale = differences(readTree(fresh), readTree(target));
    if (!existsSync(apiPage) || readFileSync(apiPage, 'utf8') !== api) stale.push('differs: docs/api.md');
    if (stale.length > 0) {
      console.error(`stale; run \`npm run generate\` and commit the result\n  ${stale.join('\n  ')}`);
      process.exitCode = 1;
    }
  } else {
    chmodSync(fresh, 0o777 & ~process.umask()); // mkdtemp gives 0700, and git knows no modes of directories
    rmSync(target, { recursive: true, force: true });
    renameSync(fresh, target);
    writeFileSync(apiPage, api);
  }
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(fresh, { recursive: true, force: true });
}

// `npm start`: makes the clone ready, prints what to try, and serves in the
// foreground with a private Redis and a node runtime. Arguments go to `serve`.
// It becomes the program instead of starting it, so signals need no passing on.

import { join } from 'node:path';
import { ensureBuilt, ensureInstalled } from './ensure.mjs';
import { ensureRedis } from './redis.mjs';
import { root, timed } from './run.mjs';

const args = process.argv.slice(2);
const given = (flag) => args.some((argument) => argument === flag || argument.startsWith(`${flag}=`));

try {
  await ensureInstalled();
  await ensureBuilt();
  if (!given('--redis-url') && !process.env.ACTOR_WORKFLOW_REDIS_URL) await timed('redis', () => ensureRedis());
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
if (!given('--help') && !listen()?.endsWith(':0')) {
  console.log(`\nOnce it is ready, in another terminal, in this directory:\n\n${examples()}\n`);
}
const main = join(root, 'dist', 'main.js');
process.argv = [process.execPath, main, 'serve', '--dev', ...args];
await import('../dist/main.js');

/** A test types them. The quick start of the README has an actor of the reader's own. */
function examples() {
  return [
    'alias actor-coordinator="node $PWD/dist/main.js"',
    ...(listen() === undefined ? [] : [`export ACTOR_WORKFLOW_ADDRESS=${listen()}`]),
    'actor-coordinator create demo/counter -- node "$PWD/examples/counter/counter.mjs"',
    'actor-coordinator resume demo/counter',
    'curl -s -X POST "http://$(actor-coordinator resume demo/counter -o address)/count"',
    'actor-coordinator suspend demo/counter',
  ].join('\n');
}

/** Where it is told to serve first; undefined: where it does by itself. */
function listen() {
  const given = args.flatMap((argument, index) => {
    if (argument === '--listen') return args.slice(index + 1, index + 2);
    return argument.startsWith('--listen=') ? [argument.slice('--listen='.length)] : [];
  });
  return given[0] ?? (process.env.ACTOR_WORKFLOW_LISTEN || undefined)?.split(',')[0];
}

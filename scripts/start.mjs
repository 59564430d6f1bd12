// `npm start`: makes the clone ready, prints what to try, and serves in the
// foreground with a private Redis and a node runtime. Arguments go to `serve`.
// It becomes the program instead of starting it, so signals need no passing on.

import { readFileSync } from 'node:fs';
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
if (!given('--listen') && !given('--help') && !process.env.ACTOR_WORKFLOW_LISTEN) {
  console.log(`\nOnce it is ready, in another terminal, in this directory:\n\n${examples()}\n`);
}
const main = join(root, 'dist', 'main.js');
process.argv = [process.execPath, main, 'serve', '--dev', ...args];
await import('../dist/main.js');

/** Those of the README, where a test holds them to the service. */
function examples() {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  return /<!-- grpcurl -->\n```sh\n(.*?)\n```/s.exec(readme)?.[1] ?? 'see README.md';
}

// `npm run demo`: makes the clone ready, then runs what src/cli/demo.ts became.

import { ensureBuilt, ensureInstalled } from './ensure.mjs';
import { ensureRedis } from './redis.mjs';
import { timed } from './run.mjs';

try {
  await ensureInstalled();
  await ensureBuilt();
  await timed('redis', () => ensureRedis());
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
await import('../dist/cli/demo.js');

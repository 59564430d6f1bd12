// A process that owns a private Redis, for tests that end it: prints one line
// with the server's url and pid, and lives as long as the server does.
// Use: node --import ./contract/node-runtime-loader.mjs private-redis-child.mjs

import { startPrivateRedis } from '../src/store/redis/private-server.js';

const { url, pid } = await startPrivateRedis();
process.stdout.write(`${JSON.stringify({ url, pid })}\n`);

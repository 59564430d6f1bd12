// What a server says of itself that is not a Redis: Valkey 9 has words of its
// own, and the tests run on whatever server there is.

import { expect, it } from 'vitest';
import { inspect } from '../../src/store/redis/inspect.js';
import type { RedisClient } from '../../src/store/redis/scripts.js';

/** As Valkey 9.1.2 answers INFO. */
const valkey = (mode: string): RedisClient =>
  ({
    info: (section: string) =>
      Promise.resolve(
        section === 'server'
          ? `# Server\r\nredis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:9.1.2\r\nserver_mode:${mode}\r\n`
          : '# Memory\r\nmaxmemory_policy:noeviction\r\n',
      ),
  }) as unknown as RedisClient;

const target = { type: 'single', host: 'h', port: 6379, db: 0, tls: false } as unknown as Parameters<typeof inspect>[1];

it('a node of a Cluster of Valkey is refused where one server is expected', async () => {
  expect(await inspect(valkey('cluster'), target, false)).toMatch(/^--redis-url: got a node of a Redis Cluster/);
});

it('one server of Valkey is used', async () => {
  expect(await inspect(valkey('standalone'), target, false)).toBeUndefined();
});

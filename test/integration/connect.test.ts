// How commands leave for Redis: what the hot path's cost depends on, and no
// result shows.

import { Cluster, Redis } from 'ioredis';
import { describe, expect, inject, it, vi } from 'vitest';
import { connect } from '../../src/store/redis/connect.js';
import { parseRedisUrl } from '../../src/store/redis-url.js';

async function ready(): Promise<Redis> {
  const client = connect(parseRedisUrl(inject('redisUrl')), 'test', 1000);
  if (client instanceof Cluster) throw new Error('the suite runs on a standalone Redis');
  await new Promise((resolve) => client.once('ready', resolve));
  return client;
}

describe('commands to Redis', () => {
  it('that are sent in one turn of the event loop leave in one write, each with its own answer', async () => {
    const client = await ready();
    const one = vi.spyOn(client.stream, '_write');
    const several = vi.spyOn(client.stream, '_writev' as '_write');
    const echoes = ['a', 'b'].map((text) => client.echo(text));
    // As a workflow goes on: some microtasks after the answer that it has waited for.
    const later = Promise.resolve().then(() => Promise.all([client.echo('c'), client.echo('d')]));
    expect(await Promise.all([...echoes, later])).toEqual(['a', 'b', ['c', 'd']]);
    expect(several).toHaveBeenCalledTimes(1);
    expect(one).not.toHaveBeenCalled();
    client.disconnect();
  });

  it('that are alone leave before the event loop turns', async () => {
    const client = await ready();
    const one = vi.spyOn(client.stream, '_write');
    const answer = client.ping();
    await new Promise<void>((resolve) => process.nextTick(resolve));
    expect(one).toHaveBeenCalledTimes(1);
    expect(await answer).toBe('PONG');
    client.disconnect();
  });
});

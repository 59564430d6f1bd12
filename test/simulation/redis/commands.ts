// The commands of an ioredis client that the production adapters call, each in
// the form in which they call it. How one is carried out is for those to say
// who extend this.

import type { RedisClient } from '../../../src/store/redis/scripts.js';
import { scriptOf, type Command, type Reply } from './server.js';

export abstract class Commands {
  protected abstract send(command: Command): Promise<Reply>;

  /** As the adapters want it; what they do not call is missing. */
  get asRedis(): RedisClient {
    return this as unknown as RedisClient;
  }

  readonly evalsha = (sha1: string, count: number, ...rest: (string | number)[]): Promise<Reply> => {
    const texts = rest.map(String);
    return this.send({
      name: 'EVALSHA',
      script: scriptOf(sha1),
      keys: texts.slice(0, count),
      args: texts.slice(count),
    });
  };

  readonly hget = (...args: string[]): Promise<Reply> => this.send({ name: 'HGET', args });
  readonly hvals = (...args: string[]): Promise<Reply> => this.send({ name: 'HVALS', args });
  readonly hscan = (...args: (string | number)[]): Promise<Reply> =>
    this.send({ name: 'HSCAN', args: args.map(String) });
  readonly smembers = (...args: string[]): Promise<Reply> => this.send({ name: 'SMEMBERS', args });
  readonly zmscore = (...args: string[]): Promise<Reply> => this.send({ name: 'ZMSCORE', args });
  readonly sadd = (...args: string[]): Promise<Reply> => this.send({ name: 'SADD', args });

  readonly hgetall = async (...args: string[]): Promise<Record<string, string>> => {
    const flat = (await this.send({ name: 'HGETALL', args })) as readonly string[];
    const fields: Record<string, string> = {};
    for (let i = 0; i < flat.length; i += 2) fields[flat[i] ?? ''] = flat[i + 1] ?? '';
    return fields;
  };
}

// One Redis for all files of a suite, as `inject('redisUrl')`; each test takes
// keys of its own with `uniquePrefix()`. A test that stops Redis, counts its
// commands or changes its settings starts its own with `startRedis()`.

import type { TestProject } from 'vitest/node';

import { startRedis } from './redis.js';

declare module 'vitest' {
  export interface ProvidedContext {
    redisUrl: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const redis = await startRedis();
  project.provide('redisUrl', redis.url);
  return () => redis.stop();
}

import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

interface Suite {
  /** The directory below test/, and the name for `vitest --project` and `npm test -- <name>`. */
  readonly name: string;
  readonly order: number;
  readonly testTimeoutMs: number;
  readonly redis: boolean;
  /** Whether its files run beside each other. */
  readonly parallel: boolean;
}

// One after the other, the quickest to fail first. Those that assert on times of real processes have the machine to
// themselves: on two cores, a file beside them would make a right program late.
const suites: readonly Suite[] = [
  { name: 'unit', order: 0, testTimeoutMs: 5_000, redis: false, parallel: true },
  { name: 'contract', order: 1, testTimeoutMs: 15_000, redis: true, parallel: true },
  { name: 'integration', order: 2, testTimeoutMs: 15_000, redis: true, parallel: true },
  { name: 'simulation', order: 3, testTimeoutMs: 600_000, redis: false, parallel: true },
  { name: 'e2e', order: 4, testTimeoutMs: 60_000, redis: true, parallel: false },
  { name: 'chaos', order: 5, testTimeoutMs: 60_000, redis: true, parallel: false },
];

export default defineConfig({
  test: {
    teardownTimeout: 10_000,
    projects: suites.map((suite): TestProjectInlineConfiguration => ({
      test: {
        name: suite.name,
        include: [`test/${suite.name}/**/*.test.ts`],
        // A process per file: what one leaves behind is seen, and cannot disturb the next.
        pool: 'forks',
        isolate: true,
        fileParallelism: suite.parallel,
        maxWorkers: suite.parallel ? 2 : 1,
        sequence: { groupOrder: suite.order },
        testTimeout: suite.testTimeoutMs,
        hookTimeout: 30_000,
        setupFiles: ['test/open-handles.ts'],
        globalSetup: suite.redis ? ['test/shared-redis.ts'] : [],
      },
    })),
  },
});

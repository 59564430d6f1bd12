// A node runtime in a process of its own, which answers each call at once, after
// as many progress events as is said, and hangs in the restore of `hold-…`.

import { answer } from '../start/child.mjs';
import { startNodeRuntime } from '../start/node-runtime.mjs';

const progress = Number(process.argv[2] ?? 0);
const { address } = await startNodeRuntime((call, actor) =>
  call === 'Restore' && actor.startsWith('hold-') ? false : progress,
);
answer({ address: () => address });

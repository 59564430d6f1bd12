// BullMQ's worker: the work reports its progress twice, and ends.

import { Worker } from 'bullmq';
import { answer } from '../start/child.mjs';

const [port] = process.argv.slice(2);
const worker = new Worker(
  'bench',
  async (job) => {
    await job.updateProgress({ done: 1, total: 2 });
    await job.updateProgress({ done: 2, total: 2 });
    return { address: '127.0.0.1:8080' };
  },
  // As many at once as there may be callers.
  { connection: { host: '127.0.0.1', port: Number(port) }, concurrency: 256 },
);
await worker.waitUntilReady();
answer({});

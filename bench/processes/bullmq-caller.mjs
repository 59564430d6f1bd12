// Callers of BullMQ: each adds a job for its key, follows its progress, and
// awaits its result. Deduplication keeps a key from having two jobs at once.

import { Queue, QueueEvents } from 'bullmq';
import { pause } from '../measure/time.mjs';
import { serveCallers } from '../start/closed-loop.mjs';

const ASK_AGAIN_MS = 50;

serveCallers(
  async (address) => {
    const connection = { host: '127.0.0.1', port: Number(address) };
    const queue = new Queue('bench', { connection });
    // One for each job that is awaited.
    queue.setMaxListeners(0);
    const events = new QueueEvents('bench', { connection });
    await Promise.all([queue.waitUntilReady(), events.waitUntilReady()]);
    // It is ready before it listens, and would never hear of a job that ends in between.
    let hears = false;
    events.once('completed', () => (hears = true));
    while (!hears) {
      await queue.add('job', { key: 'warm-up' });
      await pause(ASK_AGAIN_MS);
    }
    let messages = 0;
    events.on('progress', () => (messages += 1));
    return {
      async ask(key) {
        const job = await queue.add('job', { key }, { deduplication: { id: key }, removeOnComplete: { count: 1000 } });
        await job.waitUntilFinished(events);
        const seen = messages;
        messages = 0;
        return { kind: 'job', messages: seen, bytes: 0 };
      },
      close() {
        void Promise.all([queue.close(), events.close()]);
      },
    };
  },
  { turns: 1 },
);

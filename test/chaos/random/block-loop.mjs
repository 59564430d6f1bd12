// Loaded into a replica by `node --import`: at SIGUSR2 it blocks the event loop
// for CHAOS_BLOCK_MS, as a long computation or a huge message would, while the
// kernel goes on accepting what comes.

const stopped = new Int32Array(new SharedArrayBuffer(4));

process.on('SIGUSR2', () => {
  Atomics.wait(stopped, 0, 0, Number(process.env.CHAOS_BLOCK_MS));
});

// Loaded into a replica by `node --import`. At SIGUSR2 it blocks the event loop
// for CHAOS_BLOCK_MS, as a long computation or a huge message would, while the
// kernel goes on accepting what comes. And it ends the replica when the process
// that started it is gone, which may have been killed.

const LOOK_EVERY_MS = 1000;

const stopped = new Int32Array(new SharedArrayBuffer(4));
process.on('SIGUSR2', () => {
  Atomics.wait(stopped, 0, 0, Number(process.env.CHAOS_BLOCK_MS));
});

const parent = process.ppid;
const look = () => {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
  setTimeout(look, LOOK_EVERY_MS).unref();
};
look();

// An actor whose start takes long because the program has work to do before it
// can serve: it builds the SHA-256 hash chain that its answers come from, for
// SLOW_START_SECONDS (default 10), and only then listens. Nothing in the node
// runtime delays it: this is what a program that loads a model, warms a cache or
// replays a log looks like from the outside. The chain is saved on SIGTERM, and
// a later start verifies all of it, which takes about as long again.
//
//   GET /links   → {"links":41234567,"head":"…"}

import { createHash } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { setImmediate } from 'node:timers/promises';

const file = 'chain.json';
const seconds = Number(process.env.SLOW_START_SECONDS ?? 10);
if (!(seconds >= 0 && seconds <= 3600)) {
  console.error(`SLOW_START_SECONDS: got ${process.env.SLOW_START_SECONDS}; expected a number from 0 to 3600`);
  process.exit(2);
}

/** How many links to make before looking at the clock and for signals: some 10 ms of work. */
const batch = 10_000;

let links = 0;
let head = 'start';

function extend(count) {
  for (let made = 0; made < count; made++) head = createHash('sha256').update(head).digest('hex');
  links += count;
}

function load() {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

const saved = load();
if (saved === undefined) {
  console.log(`building for ${seconds} s`);
  const endMs = performance.now() + seconds * 1000;
  do {
    extend(batch);
    await setImmediate();
  } while (performance.now() < endMs);
} else {
  console.log(`verifying ${saved.links} links`);
  while (links < saved.links) {
    extend(batch);
    await setImmediate();
  }
  if (head !== saved.head) {
    console.error(`${file}: the chain of ${saved.links} links ends with ${head}, not with ${saved.head}`);
    process.exit(1);
  }
}

const server = createServer((_request, response) => {
  response.setHeader('content-type', 'application/json');
  response.end(`${JSON.stringify({ links, head })}\n`);
});

// Set only now: told to stop while it still builds, it dies as any program does and leaves its directory as it was.
process.once('SIGTERM', () => {
  writeFileSync(`${file}.new`, JSON.stringify({ links, head }));
  renameSync(`${file}.new`, file);
  process.exit(0);
});

server.listen(Number(process.env.PORT), '127.0.0.1', () => {
  console.log(`ready with ${links} links`);
});

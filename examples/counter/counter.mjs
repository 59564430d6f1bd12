// An actor in one file: an HTTP server that counts in memory. It keeps its state
// the way any actor on the process runtime does: it loads ./count.json when it
// starts, and saves it and exits when it is told to stop with SIGTERM. Between
// the two the count lives in memory only.
//
//   GET  /count       reads          → {"count":3}
//   POST /count       adds one       → {"count":4}
//   GET  /increment   adds one too, for a browser
//   GET  /healthz     200 as soon as it serves

import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';

const file = 'count.json';

function load() {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).count;
  } catch (error) {
    // The first boot: there is nothing to load. A file that cannot be read is an error, not a count of 0.
    if (error.code === 'ENOENT') return 0;
    throw error;
  }
}

let count = load();

const server = createServer((request, response) => {
  const route = `${request.method} ${request.url}`;
  if (route === 'POST /count' || route === 'GET /increment') count += 1;
  else if (route !== 'GET /count' && route !== 'GET /healthz') {
    response.writeHead(404).end();
    return;
  }
  response.setHeader('content-type', 'application/json');
  response.end(`${JSON.stringify({ count })}\n`);
});

process.once('SIGTERM', () => {
  // First no more requests, then save: a request that was answered is in the count that is saved.
  server.close(() => {
    writeFileSync(`${file}.new`, JSON.stringify({ count }));
    renameSync(`${file}.new`, file);
    process.exit(0);
  });
  server.closeIdleConnections();
  // A connection that sends half a request and then nothing must not cost the count.
  setTimeout(() => server.closeAllConnections(), 1000);
});

server.listen(Number(process.env.PORT), '127.0.0.1', () => {
  console.log(`${process.env.ACTOR_NAMESPACE}/${process.env.ACTOR_NAME} counts from ${count} on`);
});

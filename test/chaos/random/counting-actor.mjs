// The actor of the real node in the random chaos. It counts in memory, and saves
// the count when it is told to stop, as examples/counter does. It knows its own
// name, so that whoever asks an actor that has moved is not answered by another
// one that has its port; and it dies at once when it is told to.
//
//   POST /<namespace>/<name>       counts → {"count":3}
//   POST /<namespace>/<name>/die   ends, and saves nothing
//   GET  /healthz                  200 as soon as it serves

import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';

const file = 'count.json';
const home = `/${process.env.ACTOR_NAMESPACE}/${process.env.ACTOR_NAME}`;

/** Whoever started the chaos is gone by then, and nobody is left to stop it. */
const FORGOTTEN_AFTER_MS = 10 * 60_000;
setTimeout(() => process.exit(1), FORGOTTEN_AFTER_MS).unref();

function load() {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).count;
  } catch (error) {
    if (error.code === 'ENOENT') return 0;
    throw error;
  }
}

let count = load();

const server = createServer((request, response) => {
  switch (`${request.method} ${request.url}`) {
    case `POST ${home}/die`:
      process.kill(process.pid, 'SIGKILL');
      return;
    case `POST ${home}`:
      count += 1;
      break;
    case 'GET /healthz':
      break;
    default:
      response.writeHead(404).end();
      return;
  }
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ count }));
});

process.once('SIGTERM', () => {
  // First no more requests, then save: what was answered is in what is saved.
  server.close(() => {
    writeFileSync(`${file}.new`, JSON.stringify({ count }));
    renameSync(`${file}.new`, file);
    process.exit(0);
  });
  server.closeIdleConnections();
  setTimeout(() => server.closeAllConnections(), 1000);
});

server.listen(Number(process.env.PORT), '127.0.0.1');

// Wakes actors on request: an HTTP server in front of them that resumes an actor
// when somebody asks for it, and passes the request on. However many ask at
// once, one workflow runs and all follow it.
//
//   node examples/client/wake.mjs [PORT]     default 8080; ACTOR_WORKFLOW_ADDRESS: where the coordinator is
//   curl http://127.0.0.1:8080/demo/a/count → the actor demo/a, /count

import { createServer, request } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { ActorCoordinator, CallError } from 'actor-coordinator/client';

const coordinator = new ActorCoordinator((process.env.ACTOR_WORKFLOW_ADDRESS ?? '127.0.0.1:7070').split(','));

const STATUS = { ACTOR_NOT_FOUND: 404, INVALID_ARGUMENT: 400, WORKFLOW_DEADLINE: 504, RUNTIME_FAILED: 502 };

/** Where the actor serves, once it does. Resuming one that is RUNNING costs a round trip and no lease. */
async function wake(name, signal) {
  // A suspend may be under way, and every worker taken: both pass.
  const waits = { leaseWaitMs: 20_000, workerWaitMs: 20_000 };
  const { address } = await coordinator.resume(name, { join: true, ...waits, timeoutMs: 60_000, signal }).actor();
  return address;
}

function forward(incoming, address, path) {
  const [host, port] = address.split(':');
  return new Promise((resolve, reject) => {
    const outgoing = request({ host, port, path, method: incoming.method, headers: incoming.headers }, resolve);
    pipeline(incoming, outgoing).catch(reject);
  });
}

const server = createServer(async (incoming, response) => {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  try {
    const [, namespace, name, path] = /^\/([^/]+)\/([^/]+)(\/.*)?$/.exec(incoming.url) ?? [];
    if (name === undefined) {
      response.writeHead(404).end('expected /NAMESPACE/NAME/path\n');
      return;
    }
    const answer = await forward(incoming, await wake(`${namespace}/${name}`, gone.signal), path ?? '/');
    response.writeHead(answer.statusCode, answer.headers);
    await pipeline(answer, response);
  } catch (error) {
    if (response.headersSent) return void response.destroy();
    const isCallError = error instanceof CallError;
    const retryAfter = isCallError && error.retryAfterMs !== undefined ? Math.ceil(error.retryAfterMs / 1000) : 1;
    const status = isCallError ? (STATUS[error.reason] ?? 503) : 502;
    response.writeHead(status, status === 503 ? { 'retry-after': retryAfter } : {}).end(`${error.message}\n`);
  }
});

server.listen(Number(process.argv[2] ?? 8080), '127.0.0.1', () => {
  console.log(`wakes actors at http://127.0.0.1:${server.address().port}/NAMESPACE/NAME/`);
});
process.once('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
  coordinator.close();
});

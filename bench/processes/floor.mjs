// What no coordinator on grpc-js and ioredis can be faster than: a server that
// answers each call with messages that were made beforehand, sends Redis as
// many scripts, which do nothing, and does nothing else. Some of the round trips
// are awaited, one after the other; the rest go out beside them. With a node
// runtime it also makes one streaming call to that and reads it to its end.

import { Client, credentials, Server, ServerCredentials } from '@grpc/grpc-js';
import { Redis } from 'ioredis';
import { actorWorkflowDefinition, nodeRuntimeDefinition } from '../../dist/rpc/proto.js';
import { answer } from '../start/child.mjs';

const [redisUrl, runtimeAddress = ''] = process.argv.slice(2);
const redis = new Redis(redisUrl);
corkTurns(redis);
const sha1 = String(await redis.script('LOAD', "return {'ok'}"));
const runtime = runtimeAddress === '' ? undefined : new Client(runtimeAddress, credentials.createInsecure());
const asIs = (/** @type {Buffer} */ bytes) => bytes;

/** @type {Record<string, { messages: Buffer[], awaited: number, beside: number }>} */
let plan = {};

const script = () => redis.evalsha(sha1, 1, 'actorworkflow:actor:{bench/actor-0}', 'argument');

/** What is sent in one turn leaves in one write: a fifth cheaper than ioredis as it is, and than its own pipelining. */
function corkTurns(/** @type {Redis} */ client) {
  const sendCommand = client.sendCommand.bind(client);
  let corked = false;
  client.sendCommand = (command, stream) => {
    // Before the first connection there is none.
    const socket = /** @type {import('node:net').Socket | undefined} */ (client.stream);
    if (!corked && socket !== undefined) {
      corked = true;
      socket.cork();
      process.nextTick(() => {
        corked = false;
        socket.uncork();
      });
    }
    return sendCommand(command, stream);
  };
}

const handler = (/** @type {'Resume' | 'Suspend'} */ name) => async (call) => {
  const { messages, awaited, beside } = plan[name];
  let sent = 0;
  for (let trip = 1; trip <= awaited; trip += 1) {
    if (trip === awaited && runtime !== undefined) await callRuntime(name);
    await script();
    for (; sent < (messages.length * trip) / awaited; sent += 1) call.write(messages[sent]);
  }
  for (let i = 0; i < beside; i += 1) void script();
  call.end();
};

const REQUEST = nodeRuntimeDefinition.Restore.requestSerialize({
  actor: { namespace: 'bench', name: 'actor-0' },
  worker: { pool: 'default', name: 'worker-0' },
  fencing_token: '1700000000000000',
  workflow_id: '00000000-0000-0000-0000-000000000000',
  spec: {},
});

function callRuntime(/** @type {'Resume' | 'Suspend'} */ name) {
  const { path } = nodeRuntimeDefinition[name === 'Resume' ? 'Restore' : 'Checkpoint'];
  const stream = /** @type {Client} */ (runtime).makeServerStreamRequest(path, asIs, asIs, REQUEST);
  return new Promise((resolve, reject) => {
    stream.on('data', () => undefined);
    stream.on('error', reject);
    stream.on('end', resolve);
  });
}

const server = new Server();
const method = (name) => ({
  ...actorWorkflowDefinition[name],
  requestDeserialize: asIs,
  responseSerialize: asIs,
});
server.addService(
  { Resume: method('Resume'), Suspend: method('Suspend') },
  { Resume: handler('Resume'), Suspend: handler('Suspend') },
);
const port = await new Promise((resolve, reject) => {
  server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
    if (error) reject(error);
    else resolve(bound);
  });
});

answer({
  address: () => `127.0.0.1:${port}`,
  plan(/** @type {Record<string, { messages: string[], awaited: number, beside: number }>} */ given) {
    plan = Object.fromEntries(
      Object.entries(given).map(([name, { messages, ...trips }]) => [
        name,
        { messages: messages.map((text) => Buffer.from(text, 'base64')), ...trips },
      ]),
    );
  },
});

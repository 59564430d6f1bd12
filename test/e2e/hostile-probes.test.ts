// The port of the HTTP probes, which whoever can reach it may abuse: silence,
// requests byte by byte, headers and bodies without end, and connections by the
// thousand. A probe is answered meanwhile, and gRPC is none the worse for it.

import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { freePort, uniquePrefix } from '../redis.js';
import { startReplica, type Replica } from '../replica.js';
import { endure } from '../under-attack.js';

/** A connection without a whole request is closed 5 s after it was opened; the rest is for two busy cores. */
const LOST_WITHIN_MS = 20_000;

const actor = { namespace: 'ns', name: 'a' };

let replica: Replica;
let port: number;
let sockets: Socket[];

beforeAll(async () => {
  sockets = [];
  port = await freePort();
  replica = await startReplica({
    redisUrl: inject('redisUrl'),
    redisKeyPrefix: uniquePrefix(),
    instanceId: 'probed',
    flags: ['--http-listen', `127.0.0.1:${port}`, '--drain-timeout', '1s'],
  });
  await replica.client.createActor({ actor });
});

afterAll(async () => {
  await replica[Symbol.asyncDispose]();
});

/** Resolves when the kernel has accepted it, whether or not the replica has. */
async function open(): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  // Who does not read does not see the end.
  socket.resume();
  sockets.push(socket);
  await new Promise((resolve) => {
    socket.once('connect', resolve);
    socket.once('close', resolve);
  });
  return socket;
}

function openCount(): number {
  return sockets.filter((socket) => !socket.destroyed).length;
}

function letGo(): void {
  for (const socket of sockets.splice(0)) socket.destroy();
}

/** Everything that comes until the server closes the connection. */
async function answerTo(request: string): Promise<string> {
  const socket = await open();
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write(request);
  await closed;
  return answer.split('\r\n')[0] ?? '';
}

async function probe(): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}/readyz`, { headers: { connection: 'close' } });
  await response.text();
  return response.status;
}

describe('the port of the probes', () => {
  it('keeps no connection that says nothing, says it byte by byte, or has no end to what it says', async () => {
    await endure(replica, actor, async () => {
      const [begun] = await Promise.all([
        Promise.all(Array.from({ length: 100 }, open)),
        Promise.all(Array.from({ length: 100 }, open)),
      ]);
      for (const socket of begun) socket.write('GET /livez HTTP/1.1\r\nHost: x\r\nX-a: ');
      const endless = await open();
      endless.write('POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n');
      const dribble = setInterval(() => {
        for (const socket of begun) if (socket.writable) socket.write('a');
        if (endless.writable && !endless.writableNeedDrain) endless.write(Buffer.alloc(1_000_000));
      }, 200);
      try {
        expect(await probe()).toBe(200);
        await expect.poll(openCount, { timeout: LOST_WITHIN_MS }).toBe(0);
      } finally {
        clearInterval(dribble);
      }
      letGo();
    });
  });

  it('closes what are more connections than anybody needs at once, and is back when they are gone', async () => {
    await endure(replica, actor, async () => {
      await Promise.all(Array.from({ length: 1000 }, open));
      await expect.poll(openCount, { timeout: LOST_WITHIN_MS }).toBeLessThanOrEqual(256);
      letGo();
      await expect.poll(probe).toBe(200);
    });
  });

  it('answers what is too large, or nonsense, with an error, and closes', async () => {
    await endure(replica, actor, async () => {
      const status = {
        header: await answerTo(`GET /livez HTTP/1.1\r\nX-a: ${'a'.repeat(1_000_000)}`),
        path: await answerTo(`GET /${'a'.repeat(1_000_000)} HTTP/1.1\r\n\r\n`),
        nonsense: await answerTo('\u0016\u0003\u0001\u0002\r\n\r\n'),
        http2: await answerTo('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
        elsewhere: await answerTo('GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'),
        tunnel: await answerTo('CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n'),
      };
      expect(status).toEqual({
        header: 'HTTP/1.1 431 Request Header Fields Too Large',
        path: 'HTTP/1.1 431 Request Header Fields Too Large',
        nonsense: 'HTTP/1.1 400 Bad Request',
        http2: 'HTTP/1.1 400 Bad Request',
        elsewhere: 'HTTP/1.1 404 Not Found',
        tunnel: '',
      });
      letGo();
    });
  });
});

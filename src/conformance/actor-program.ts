// The actor that the checks start and talk to. It counts: `POST /count` adds
// one, `GET /count` reads, both answer in JSON with what is below. The count is
// state, loaded at the start and saved at SIGTERM; the ballast is state too,
// BALLAST_MB random mebibytes that are made at the first start. START_MS and
// STOP_MS make its start and its saving slow. Any program that does the same can
// stand in for it.

import { request } from 'node:http';

export interface Heard {
  readonly count: number;
  /** Memory: made anew at every start. */
  readonly id: string;
  /** What ECHO says in its environment. */
  readonly echo: string;
  /** The SHA-256 of the ballast as it was loaded. */
  readonly ballast: string;
}

/** In the actor's working directory, and with `node` on its PATH. */
const PROGRAM = `
const fs = require('fs');
const env = process.env;
const ms = (name) => Number(env[name] || 0);
let count = 0;
try { count = JSON.parse(fs.readFileSync('count.json', 'utf8')).count; } catch (error) { if (error.code !== 'ENOENT') throw error; }
let ballast = '';
if (env.BALLAST_MB) {
  const { createHash, randomBytes } = require('crypto');
  if (!fs.existsSync('ballast')) fs.writeFileSync('ballast', randomBytes(ms('BALLAST_MB') * 1048576));
  ballast = createHash('sha256').update(fs.readFileSync('ballast')).digest('hex');
}
const id = String(Math.random());
const server = require('http').createServer((request, response) => {
  if (request.method === 'POST') count += 1;
  response.end(JSON.stringify({ count, id, echo: env.ECHO || '', ballast }));
});
process.once('SIGTERM', () => setTimeout(() => {
  fs.writeFileSync('count.json.new', JSON.stringify({ count }));
  fs.renameSync('count.json.new', 'count.json');
  process.exit(0);
}, ms('STOP_MS')));
setTimeout(() => server.listen(Number(env.PORT || 8080)), ms('START_MS'));
`;

export const ACTOR_COMMAND: readonly string[] = ['node', '-e', PROGRAM.trim()];

/**
 * Asks the actor at `address`.
 * @throws an Error where nobody answers in time, or something else does
 */
export function ask(address: string, method: 'GET' | 'POST', limitMs: number): Promise<Heard> {
  return new Promise((resolve, reject) => {
    const call = request(`http://${address}/count`, { method, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.once('error', fail).once('end', () => {
        clearTimeout(timer);
        try {
          resolve(JSON.parse(text) as Heard);
        } catch {
          reject(new Error(`an answer that is not JSON: ${text.slice(0, 64)}`));
        }
      });
    });
    // Of the whole answer, not of a silence in it.
    const timer = setTimeout(() => {
      call.destroy(new Error(`no answer within ${String(limitMs)} ms`));
    }, limitMs);
    function fail(error: Error): void {
      clearTimeout(timer);
      reject(error);
    }
    call.once('error', fail).end();
  });
}

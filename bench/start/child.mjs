// A process of the benchmark's own with which it talks: questions, answers and
// news over Node's channel between processes. `answer` is the other end. The
// child ends when this process does, however that ends.

import { fork } from 'node:child_process';

/**
 * @typedef {object} Child
 * @property {number} pid
 * @property {(question: string, argument?: any) => Promise<any>} ask rejects with what the child threw, or when it ended
 * @property {(news: string, take: (value: any) => void) => void} on
 * @property {(signal?: NodeJS.Signals) => Promise<void>} end resolves when it has ended
 */

/**
 * Resolves when it has called `answer`.
 * @param {string} script below bench/processes/
 * @param {readonly string[]} args
 * @param {{ node?: string, nodeArgs?: readonly string[] }} options which Node runs it
 * @returns {Promise<Child>}
 */
export async function startChild(script, args = [], { node = process.execPath, nodeArgs = [] } = {}) {
  const path = new URL(`../processes/${script}`, import.meta.url).pathname;
  const child = fork(path, args, { execPath: node, execArgv: [...nodeArgs], detached: true });
  const waiting = new Map();
  const listeners = new Map();
  let lastId = 0;
  let over = '';
  const ended = new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      over = `bench/processes/${script} ended with ${signal ?? `exit code ${code}`}`;
      for (const { reject } of waiting.values()) reject(new Error(over));
      waiting.clear();
      resolve(undefined);
    });
  });
  child.on('message', (/** @type {any} */ { id, value, error, news }) => {
    if (news !== undefined) {
      listeners.get(news)?.(value);
      return;
    }
    const question = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) question?.resolve(value);
    else question?.reject(new Error(`bench/processes/${script}: ${error}`));
  });
  const ask = (question, argument) =>
    new Promise((resolve, reject) => {
      if (over !== '') {
        reject(new Error(over));
        return;
      }
      const id = (lastId += 1);
      waiting.set(id, { resolve, reject });
      child.send({ id, question, argument }, (error) => {
        if (error) reject(error);
      });
    });
  await ask('ready');
  return {
    pid: child.pid ?? 0,
    ask,
    on: (news, take) => listeners.set(news, take),
    async end(signal = 'SIGKILL') {
      child.kill(signal);
      await ended;
    },
  };
}

/**
 * In the child: answers questions by name, until the other end is gone.
 * @param {Record<string, (argument: any) => any>} answers
 * @returns {(news: string, value: any) => void} tells the other end unasked
 */
export function answer(answers) {
  const all = { ready: () => undefined, ...answers };
  process.on('message', async (/** @type {any} */ { id, question, argument }) => {
    try {
      process.send?.({ id, value: await all[question](argument) });
    } catch (error) {
      process.send?.({ id, error: String(/** @type {Error} */ (error).stack ?? error) });
    }
  });
  process.once('disconnect', () => process.exit());
  return (news, value) => process.send?.({ news, value });
}

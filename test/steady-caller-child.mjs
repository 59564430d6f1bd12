// A well-behaved caller as a process of its own, so that a test which is busy
// with an attack does not make it look slow: reads an actor and asks for health,
// 20 times a second each. Prints `calling` once both are answered, and counts from
// then on. On SIGTERM it prints how that went, as one line of JSON, and ends.
// Use: node steady-caller-child.mjs <address> <namespace> <name>

import { credentials, makeClientConstructor } from '@grpc/grpc-js';
import { service } from 'grpc-health-check';
import { CoordinatorClient } from '../dist/client/coordinator-client.js';

const [address, namespace, name] = process.argv.slice(2);
const INTERVAL_MS = 50;
const TIMEOUT_MS = 10_000;

const coordinator = new CoordinatorClient(address);
const health = new (makeClientConstructor(service, 'Health'))(address, credentials.createInsecure());

const latenciesMs = [];
const failures = [];
let stopping = false;

const check = () =>
  new Promise((resolve, reject) => {
    health.check({ service: '' }, { deadline: Date.now() + TIMEOUT_MS }, (error, response) => {
      if (error) reject(error);
      else if (response.status !== 'SERVING') reject(new Error(`health says ${response.status}`));
      else resolve();
    });
  });

const read = () => coordinator.getActor({ namespace, name }, { timeoutMs: TIMEOUT_MS });

/** What an attack before has left to do is not this one's. */
async function warmUp() {
  while (!stopping) {
    const results = await Promise.allSettled([read(), check()]);
    if (results.every(({ status }) => status === 'fulfilled')) return;
  }
}

async function measure(call) {
  const startMs = performance.now();
  try {
    await call();
    latenciesMs.push(performance.now() - startMs);
  } catch (error) {
    failures.push(String(error.message));
  }
}

process.on('SIGTERM', () => (stopping = true));
await warmUp();
process.stdout.write('calling\n');
while (!stopping) {
  await Promise.all([measure(read), measure(check), new Promise((resolve) => setTimeout(resolve, INTERVAL_MS))]);
}
latenciesMs.sort((a, b) => a - b);
const at = (share) => latenciesMs[Math.min(latenciesMs.length - 1, Math.floor(latenciesMs.length * share))] ?? 0;
const report = { calls: latenciesMs.length, failures, p50Ms: at(0.5), p99Ms: at(0.99), worstMs: at(1) };
process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0));

// Rules about what actors remember: what is restored is what was promoted last,
// what is promoted is complete and newer than what it replaces, and nobody is
// given up who still runs.

import type { ActorRecord, Effect, History, Violation, Write } from '../history.js';
import { Oblivion } from './oblivion.js';
import { Runtimes } from './runtimes.js';

/** The runtime answers after its effect, and the record is written after that; clocks are read at different times. */
const SKEW_MS = 5;

/** Around a record that says CRASHED, for this long: an effect under way is no proof. */
const SURELY_MS = 200;

type Checkpoint = Extract<Effect, { type: 'restored' | 'checkpointed' }>;
type Recorded = Extract<Write, { type: 'recorded' }>;

export function checkSnapshots(history: History): readonly Violation[] {
  const violations: Violation[] = [];
  const add = (rule: string, what: string): void => {
    violations.push({ promise: 'P6', rule, what });
  };
  const written = new Map<string, Checkpoint>();
  for (const effect of history.effects) {
    if (effect.type === 'checkpointed' && effect.uri !== undefined) written.set(effect.uri, effect);
  }
  const contentOf = (uri: string | undefined): number => (uri === undefined ? 0 : (written.get(uri)?.content ?? 0));
  const oblivion = new Oblivion(history);
  const begun = new Map<string, Recorded>();
  const before = new Map<string, ActorRecord>();
  const durable = new Map<string, string | undefined>();
  for (const write of history.writes) {
    if (write.type === 'wiped') {
      before.clear();
      durable.clear();
    }
    if (write.type === 'deleted') {
      before.delete(write.actor);
      durable.delete(write.actor);
    }
    if (write.type !== 'recorded' || history.real.includes(write.actor)) continue;
    const { actor, latest, transition, workflowId } = write;
    const was = before.get(actor);
    if (transition === 'begin_resume') begun.set(workflowId, write);
    if (was !== undefined && latest !== was.latest) {
      const what = `${actor}: ${transition} of ${workflowId} made ${latest ?? 'nothing'} the latest`;
      if (transition === 'finish_suspend' || transition === 'finish_pause') {
        const complete = written.get(latest ?? '');
        if (complete?.actor !== actor || complete.atMs > write.atMs + SKEW_MS) {
          add('a snapshot became the latest before it was complete', what);
        } else if (latest !== was.pending) {
          add('a snapshot became the latest that was not the pending one', what);
        } else if (complete.content <= contentOf(was.latest)) {
          add(
            'a snapshot became the latest that knows less than the one before',
            `${what} in place of ${was.latest ?? 'nothing'}`,
          );
        }
      } else if (latest !== durable.get(actor)) {
        add('the latest snapshot became one that was not the last durable one', what);
      }
    }
    if (transition === 'finish_suspend') durable.set(actor, latest);
    if (transition === 'finish_resume') checkReady(write, history.effects, add);
    if (transition === 'crash' && was?.worker !== undefined)
      checkGone(write, was.worker, history.effects, oblivion, add);
    before.set(actor, write);
  }
  for (const effect of history.effects) {
    if (effect.type === 'restored') checkRestore(effect, begun.get(effect.workflowId), contentOf(effect.uri), add);
    if (effect.type === 'missing') checkMissing(effect, written.get(effect.uri), history, oblivion, add);
  }
  return violations;
}

type Add = (rule: string, what: string) => void;

function checkRestore(effect: Checkpoint, record: ActorRecord | undefined, content: number, add: Add): void {
  const { actor, worker, uri, workflowId } = effect;
  const what = `${actor}: ${workflowId} restored ${uri ?? 'nothing'} on ${worker}`;
  if (record?.worker !== worker) add('a restore on a worker that no record names', what);
  else if (record.latest !== uri)
    add('a restore of another snapshot than the latest', `${what}, not ${record.latest ?? 'nothing'}`);
  else if (effect.content !== content)
    add('a restore read back what was not written', `${what}: ${effect.content}, not ${content}`);
}

/** RUNNING is said once the runtime has said so. */
function checkReady({ actor, worker, atMs, workflowId }: Recorded, effects: readonly Effect[], add: Add): void {
  const restored = effects.findLast(
    (effect) => effect.type === 'restored' && effect.actor === actor && effect.atMs <= atMs + SKEW_MS,
  );
  if (restored?.type === 'restored' && restored.worker === worker) return;
  add(
    'a record says RUNNING of an actor that was not restored',
    `${actor} on ${worker ?? 'no worker'} by ${workflowId}`,
  );
}

/** CRASHED loses what the actor knew: it must be gone, or its worker out of service. */
function checkGone(
  { actor, atMs }: Recorded,
  worker: string,
  effects: readonly Effect[],
  oblivion: Oblivion,
  add: Add,
): void {
  const runtimes = new Runtimes();
  let last = 0;
  for (const effect of effects) {
    if (effect.atMs > atMs + SURELY_MS) break;
    if (effect.atMs > atMs - SURELY_MS && 'actor' in effect && effect.actor === actor) return;
    runtimes.push(effect);
    last = effect.atMs;
  }
  const there = runtimes.on(worker);
  if (there?.actor !== actor || oblivion.covers(there, Math.max(atMs, last))) return;
  add('an actor was given up as CRASHED while it ran', `${actor} on ${worker}`);
}

function checkMissing(
  { actor, uri, node, atMs }: Extract<Effect, { type: 'missing' }>,
  complete: Checkpoint | undefined,
  { effects, writes }: History,
  oblivion: Oblivion,
  add: Add,
): void {
  const isFrozen = uri.startsWith('local:');
  const since = complete?.atMs ?? 0;
  const isGone =
    isFrozen &&
    complete?.node === node &&
    // A deletion stops the actor first, so that none is left without a record; it may end between the two.
    (writes.some(
      (write) =>
        write.type === 'granted' &&
        write.actor === actor &&
        write.kind === 'DELETE' &&
        write.atMs >= since &&
        write.atMs <= atMs,
    ) ||
      effects.some(
        (effect) => effect.type === 'rebooted' && effect.node === node && effect.atMs >= since && effect.atMs <= atMs,
      ) ||
      effects.some(
        (effect) => effect.type === 'restored' && effect.uri === uri && oblivion.wasRetired(effect.worker, since, atMs),
      ));
  if (!isGone) add('a restore asked for a snapshot that is not there', `${actor}: ${uri} on ${node}`);
}

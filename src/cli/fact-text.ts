// What a workflow tells, as text: shared by the bars of a terminal and the lines
// of a pipe, so that both say the same.

import type { Actor } from '../client/actor.js';
import type { WorkflowFact } from '../client/event.js';
import { bytesInWords, inWords, printable } from './in-words.js';

type Fact<Type extends WorkflowFact['type']> = Extract<WorkflowFact, { readonly type: Type }>;

/** `resume of demo/a on replica-a, workflow 1c93…` */
export function startedText(fact: Fact<'started' | 'restarted'>, workflowId: string): string {
  const { kind, actor, lease } = fact;
  if (fact.type === 'restarted') {
    const where = lease === undefined ? '' : ` on ${lease.holder}`;
    return printable(`goes on as workflow ${workflowId}${where}`);
  }
  const where = lease === undefined ? ': nothing to do' : ` on ${lease.holder}, workflow ${workflowId}`;
  return printable(`${kind.toLowerCase()} ${actor.namespace}/${actor.name}${where}`);
}

/** `unpack, 2.1 MB of 4.0 MB` */
export function progressText({ phase, done, total, unit, message }: Fact<'step_progress'>): string {
  const amount = total === 0 ? '' : `${count(done, unit)} of ${count(total, unit)}`;
  return printable([phase, amount, message].filter((part) => part !== '').join(', '));
}

function count(value: number, unit: string): string {
  if (unit === 'bytes') return bytesInWords(value);
  if (unit === 'ms') return inWords(value);
  return unit === '' ? String(value) : `${value} ${unit}`;
}

export function retryingText({ error, delayMs }: Fact<'step_retrying'>): string {
  return printable(`again in ${inWords(delayMs)}: ${error}`);
}

export function completedStepText({ skipped, durationMs }: Fact<'step_completed'>): string {
  return skipped ? 'done already' : inWords(durationMs);
}

/** `demo/a is RUNNING on worker default/w at 127.0.0.1:8080` */
export function actorText({ ref, state, worker, address, latestSnapshot }: Actor): string {
  const parts = [`${ref.namespace}/${ref.name} is ${state}`];
  if (worker !== undefined) parts.push(`on worker ${worker.pool}/${worker.name}`);
  if (state === 'RUNNING' && address !== '') parts.push(`at ${address}`);
  if (worker === undefined && latestSnapshot !== undefined) {
    const isLocal = latestSnapshot.location === 'LOCAL';
    parts.push(
      isLocal ? `on node ${latestSnapshot.node}` : `with a snapshot of ${bytesInWords(latestSnapshot.sizeBytes)}`,
    );
  }
  return printable(parts.join(' '));
}

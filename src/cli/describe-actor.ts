// An actor in a person's words: who works on it, on which step, for how long,
// and what to do if it is stuck.

import type { Actor, Snapshot } from '../client/actor.js';
import { actorText } from './fact-text.js';
import { ago, bytesInWords, inWords, pad, printable } from './in-words.js';

/** Several lines. */
export function describeActor(actor: Actor, nowMs = Date.now()): string {
  const { lease, lastFailure, latestSnapshot, pendingSnapshot, spec } = actor;
  const rows: (readonly [string, string])[] = [];
  if (lease !== undefined) {
    const since = lease.acquireTime === undefined ? '' : `, for ${inWords(nowMs - lease.acquireTime.getTime())} now`;
    const left =
      lease.expireTime === undefined
        ? ''
        : `, for ${inWords(lease.expireTime.getTime() - nowMs)} more unless it renews`;
    const step = lease.step === '' ? '' : `, step ${lease.step}`;
    rows.push(['work', `${lease.kind.toLowerCase()}${step}${since}`]);
    rows.push(['held by', `${lease.holder === '' ? 'somebody who wrote to Redis by hand' : lease.holder}${left}`]);
    rows.push(['workflow', lease.workflowId]);
  } else {
    rows.push(['work', nobody(actor)]);
  }
  rows.push(['changed', ago(actor.updateTime, nowMs)], ['created', ago(actor.createTime, nowMs)], ['pool', actor.pool]);
  if (spec.image !== '') rows.push(['image', spec.image]);
  if (spec.command.length > 0) rows.push(['command', spec.command.join(' ')]);
  // Not their values: they may be secrets.
  const names = Object.keys(spec.env);
  if (names.length > 0) rows.push(['env', names.join(', ')]);
  if (latestSnapshot !== undefined) rows.push(['snapshot', snapshotText(latestSnapshot, nowMs)]);
  if (pendingSnapshot !== undefined) rows.push(['unfinished', pendingSnapshot.uri]);
  if (lastFailure !== undefined) {
    const where = lastFailure.step === '' ? '' : ` in ${lastFailure.step}`;
    rows.push(['failure', `${lastFailure.reason}${where}, ${ago(lastFailure.time, nowMs)}: ${lastFailure.message}`]);
  }
  return [actorText(actor), ...rows.map(([name, text]) => `  ${pad(name, 12)}${printable(text)}`)].join('\n');
}

function nobody({ ref, state }: Actor): string {
  const name = `${ref.namespace}/${ref.name}`;
  switch (state) {
    case 'RESUMING':
      return `nobody; the replicas take it up within two lease TTLs, 'resume ${name}' does at once`;
    case 'SUSPENDING':
    case 'PAUSING':
      return `nobody; the replicas take it up within two lease TTLs, 'suspend ${name}' does at once`;
    case 'CRASHED':
      return `nobody; 'resume ${name}' restores its latest snapshot`;
    default:
      return 'nobody';
  }
}

function snapshotText({ uri, sizeBytes, createTime, location, node }: Snapshot, nowMs: number): string {
  const where = location === 'LOCAL' ? `, on node ${node} only` : '';
  return `${bytesInWords(sizeBytes)}, ${ago(createTime, nowMs)}${where}: ${uri}`;
}

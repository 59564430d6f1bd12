// What a cancelled workflow has left behind: asked of the coordinator, since the
// caller that cancelled is not told any more.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Actor } from '../client/actor.js';
import { actorText } from './fact-text.js';
import { printable } from './in-words.js';

/** A step that was cancelled has --unwind-grace to come back: 5 s by default. */
const LOOK_FOR_MS = 6000;
const LOOK_EVERY_MS = 100;

/**
 * @param getActor throws when there is nobody to ask
 * @param workflowId the one that was cancelled; undefined: it had not begun
 */
export async function whatIsLeft(
  getActor: () => Promise<Actor>,
  workflowId: string | undefined,
): Promise<readonly string[]> {
  const untilMs = performance.now() + LOOK_FOR_MS;
  for (;;) {
    const actor = await getActor();
    const { lease } = actor;
    if (lease !== undefined && lease.workflowId === workflowId && performance.now() < untilMs) {
      await sleep(LOOK_EVERY_MS);
      continue;
    }
    return describe(actor, workflowId);
  }
}

function describe(actor: Actor, workflowId: string | undefined): readonly string[] {
  const name = `${actor.ref.namespace}/${actor.ref.name}`;
  const { lease, state } = actor;
  if (lease !== undefined) {
    const whose =
      lease.workflowId === workflowId ? 'it still runs' : `${lease.kind.toLowerCase()} ${lease.workflowId} runs`;
    return [printable(`${actorText(actor)}; ${whose} on ${lease.holder}`), `next: 'watch ${name}' follows it`];
  }
  const left = `left: ${actorText(actor)}`;
  switch (state) {
    case 'RESUMING':
      return [
        left,
        `next: 'resume ${name}' finishes it, 'suspend ${name}' gives it up; the replicas finish it if nobody does`,
      ];
    case 'SUSPENDING':
    case 'PAUSING':
      return [
        left,
        `next: run it again to finish it, 'resume ${name}' to go back; the replicas finish it if nobody does`,
      ];
    default:
      return [left];
  }
}

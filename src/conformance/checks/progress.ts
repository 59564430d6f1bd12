// Progress, over an actor that starts slowly and has some megabytes to pack.

import type { Check } from '../check.js';
import { Broken } from '../verdict.js';
import { expectAnswer, expectOk } from '../expect.js';
import type { Scene } from '../scene.js';
import type { Answer, TimedProgress } from '../target.js';

const MAX_PER_SECOND = 100;
/** Enough for some tens of reports of a mebibyte each. */
const BALLAST_MB = '32';

/** A Restore, a Checkpoint, and a Restore from that. */
async function longCalls(scene: Scene): Promise<readonly Answer[]> {
  const env = { START_MS: String(scene.paceMs), BALLAST_MB };
  const snapshot = scene.durable();
  const answers = [
    await scene.restore({ env }),
    await scene.checkpoint(snapshot),
    await scene.restore({ env, snapshot }),
  ];
  for (const answer of answers) expectAnswer(answer);
  return answers;
}

function show({ phase, done, total, unit }: TimedProgress): string {
  return `${phase} ${String(done)} of ${String(total)} ${unit}`;
}

export const progressChecks: readonly Check[] = [
  {
    id: 'progress/grows',
    title: 'within a phase, progress never goes back, nor past its total',
    contract: 'In one phase `done` never goes down, and never beyond a `total` that is known.',
    run: async (scene) => {
      for (const { progress } of await longCalls(scene)) {
        const latest = new Map<string, TimedProgress>();
        for (const each of progress) {
          const before = latest.get(each.phase);
          if (before !== undefined && each.done < before.done) {
            throw new Broken(`no less than ${show(before)}`, show(each));
          }
          expectOk(each.total === 0 || each.done <= each.total, 'no more than the total', show(each));
          latest.set(each.phase, each);
        }
      }
    },
  },
  {
    id: 'progress/rate',
    title: 'progress comes at most 100 times a second',
    contract: 'Progress is told when something has changed, at most 100 times a second.',
    run: async (scene) => {
      for (const { method, progress } of await longCalls(scene)) {
        progress.forEach(({ atMs }, index) => {
          const next = progress[index + MAX_PER_SECOND];
          if (next === undefined || next.atMs - atMs >= 1000) return;
          const got = `more than ${String(MAX_PER_SECOND)} in ${(next.atMs - atMs).toFixed(0)} ms`;
          throw new Broken(`${method} to tell at most ${String(MAX_PER_SECOND)} a second`, got);
        });
      }
    },
  },
];

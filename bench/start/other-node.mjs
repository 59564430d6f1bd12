// Another Node than this one, from npm: bench/package.json names its version.

import { existsSync } from 'node:fs';

/** The Node of bench/node_modules, where it is installed. */
export const OTHER_NODE = [process.arch]
  .map((arch) => new URL(`../node_modules/node-linux-${arch}/bin/node`, import.meta.url).pathname)
  .find((path) => process.platform === 'linux' && existsSync(path));

/** This one if it is new enough, else the other. @param {number} major */
export function nodeAtLeast(major) {
  return Number(process.versions.node.split('.')[0]) >= major ? process.execPath : OTHER_NODE;
}

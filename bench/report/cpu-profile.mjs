// Where a process spent its CPU time, from what `node --cpu-prof` wrote: the
// functions by their own time and with what they call, the files and packages
// by their own time. In percent of the samples in which it was busy.

/**
 * @param {any} profile @param {{ beginMs: number, endMs: number }} window on the clock of measure/time.mjs, which is V8's
 * @param {string} root what paths are shown without
 */
export function profileTables(profile, { beginMs, endMs }, root) {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const parents = new Map(profile.nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node.id])));
  const self = { functions: new Map(), files: new Map(), parts: new Map() };
  const inclusive = new Map();
  const add = (/** @type {Map<string, number>} */ to, /** @type {string} */ key, /** @type {number} */ us) =>
    to.set(key, (to.get(key) ?? 0) + us);

  let busyUs = 0;
  let idleUs = 0;
  let atUs = profile.startTime;
  for (const [index, id] of profile.samples.entries()) {
    // A delta is the time before its sample.
    const us = profile.timeDeltas[index];
    atUs += us;
    if (atUs < beginMs * 1000 || atUs > endMs * 1000) continue;
    const { callFrame } = nodes.get(id);
    if (callFrame.functionName === '(idle)' || callFrame.functionName === '(root)') {
      idleUs += us;
      continue;
    }
    busyUs += us;
    const file = shownFile(callFrame.url, root);
    add(self.functions, shownFrame(callFrame, root), us);
    add(self.files, file, us);
    add(self.parts, partOf(file), us);
    const seen = new Set();
    for (let up = id; up !== undefined; up = parents.get(up)) seen.add(shownFrame(nodes.get(up).callFrame, root));
    for (const name of seen) add(inclusive, name, us);
  }
  const top = (/** @type {Map<string, number>} */ of, /** @type {string} */ what, n = 40) =>
    [...of]
      .filter(([name]) => name !== '(root) ')
      .sort(([, a], [, b]) => b - a)
      .slice(0, n)
      .map(([name, us]) => ({ '%': (us / busyUs) * 100, [what]: name }));
  return {
    busyShare: busyUs / (busyUs + idleUs),
    tables: [
      { title: 'Own time by part', rows: top(self.parts, 'part') },
      { title: 'Own time by file', rows: top(self.files, 'file') },
      { title: 'Own time by function', rows: top(self.functions, 'function') },
      { title: 'With what it calls', rows: top(inclusive, 'function', 80) },
    ],
  };
}

function shownFrame({ functionName, url, lineNumber }, root) {
  const file = shownFile(url, root);
  return `${functionName || '(anonymous)'} ${file}${file === '' ? '' : `:${lineNumber + 1}`}`;
}

function shownFile(url, root) {
  return url.replace(/^file:\/\//, '').replace(root, '');
}

/** A package, Node's own modules, the program, or the engine. */
function partOf(file) {
  if (file === '') return 'engine (GC, program, native)';
  if (file.startsWith('node:')) return file.startsWith('node:internal/http2') ? 'node http2' : 'node, other than http2';
  const [, name] = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file) ?? [];
  return name ?? (file.startsWith('dist/') ? file.split('/').slice(0, 3).join('/') : file);
}

// Node runtimes: what the client makes of their answers, and the promises that
// the built-in one keeps.

import type { Mutation } from './mutation.js';

const client = 'runtime/grpc/grpc-runtimes.ts';
const channels = 'runtime/grpc/channels.ts';
const errors = 'runtime/grpc/runtime-error.ts';
const tokens = 'runtime/places/token-log.ts';
const durable = 'runtime/places/durable-file.ts';
const pack = 'runtime/places/pack.ts';
const snapshot = 'runtime/places/snapshot.ts';
const place = 'runtime/places/place.ts';
const places = 'runtime/places/places.ts';
const placed = 'runtime/places/placed-runtime.ts';
const inFlight = 'runtime/places/in-flight.ts';
const leftover = 'runtime/places/leftover.ts';

const grpc = 'integration/grpc-runtimes';
const conformance = 'contract/conformance-process';
const faults = 'contract/node-runtime-process-faults';
const killed = 'contract/node-runtime-process-killed';
const paused = 'contract/node-runtime-process-paused';
const flights = 'unit/places-in-flight';
const tokenLog = 'unit/places-token-log';
const disk = 'unit/places-durable';

export const runtimeMutations: readonly Mutation[] = [
  {
    name: 'call-broken-off',
    mechanism: 'a call whose connection broke may have been done',
    promises: 'P6',
    replace: { [errors]: [["if (code === 'UNAVAILABLE' || madeHere(BROKEN_OFF)) {", "if (code === 'UNAVAILABLE') {"]] },
    noticedBy: { [grpc]: 'a stream that is' },
  },
  {
    name: 'call-unreachable-in-doubt',
    mechanism: 'a call to a runtime that cannot be reached may have been done',
    promises: 'P6',
    replace: { [errors]: [['is unavailable: ${text}`, {\n      maybeDone: true,', 'is unavailable: ${text}`, {']] },
    noticedBy: { [grpc]: 'because it dies in the middle of a call is RUNTIME_UNAVAILABLE, maybe done' },
  },
  {
    name: 'call-doubtful-codes',
    mechanism: 'a runtime that was interrupted or does not know may have done it',
    promises: 'P6',
    replace: { [errors]: [['MAYBE_DONE_CODES.has(code) || ', '']] },
    noticedBy: { [grpc]: 'is RUNTIME_FAILED with that code, maybe done' },
  },
  {
    name: 'call-stale',
    mechanism: 'a runtime that has seen a greater token is told apart from one that refused',
    promises: 'P1',
    replace: { [errors]: [["if (reason === 'STALE_FENCING_TOKEN') return", 'if (false) return']] },
    noticedBy: { [grpc]: 'about a stale token is STALE_FENCING_TOKEN' },
  },
  {
    name: 'call-without-result',
    mechanism: 'a call that ends in order but without its result is no success',
    promises: 'P6',
    replace: {
      [client]: [
        [
          "if (!last?.restored) throw withoutResult(address, 'restored');\n    return { address: cutText(last.restored.address, MAX_TEXT_LENGTH) };",
          "return { address: last?.restored?.address ?? '' };",
        ],
      ],
    },
    noticedBy: { [grpc]: 'without its last event' },
  },
  {
    name: 'call-cancelled',
    mechanism: 'the call of a workflow that is over is cancelled at the runtime',
    promises: 'P1',
    replace: { [client]: [["signal.addEventListener('abort', onAbort, { once: true });", '']] },
    noticedBy: { [grpc]: 'cancels the call at the runtime' },
  },
  {
    name: 'call-not-begun',
    mechanism: 'a workflow that is over calls nothing any more',
    promises: 'P1',
    replace: {
      [client]: [
        [
          'signal.throwIfAborted();\n    const last = await this.#channels.use(address, (client) =>\n      lastEvent(() => client.Restore',
          'const last = await this.#channels.use(address, (client) =>\n      lastEvent(() => client.Restore',
        ],
      ],
    },
    noticedBy: { [grpc]: 'before the call dials nothing' },
  },
  {
    name: 'call-deadline',
    mechanism: 'every call has a deadline, should its cancel be lost',
    promises: 'P5 P7',
    replace: { [client]: [['return { deadline: Date.now() + this.#callTimeoutMs };', 'return {};']] },
    noticedBy: { [grpc]: 'that never comes leaves it to the deadline of the call' },
  },
  {
    name: 'call-deadline-clamp',
    mechanism: 'a deadline far ahead is not over at once',
    promises: 'P2',
    replace: { [client]: [['Math.min(callTimeoutMs, MAX_CALL_TIMEOUT_MS)', 'callTimeoutMs']] },
    noticedBy: { [grpc]: 'sends its deadline, which is clamped to what grpc-js can compute with' },
  },
  {
    name: 'call-keepalive',
    mechanism: 'a node that answers nothing any more is noticed in the middle of a call',
    promises: 'P5',
    replace: { [channels]: [["'grpc.keepalive_time_ms': options.keepaliveMs ?? KEEPALIVE_MS,", '']] },
    noticedBy: { [grpc]: 'because it answers nothing any more is noticed in the middle of a call' },
  },
  {
    name: 'call-reconnects-soon',
    mechanism: 'a node that is back is found within the retries of a step',
    promises: 'P5',
    replace: {
      [channels]: [
        ["'grpc.max_reconnect_backoff_ms': 1000,", ''],
        ["'grpc.initial_reconnect_backoff_ms': 200,", "'grpc.initial_reconnect_backoff_ms': 20_000,"],
      ],
    },
    noticedBy: { [grpc]: 'once it serves, a call gets through within 2 s' },
  },
  {
    name: 'channels-closed',
    mechanism: 'connections to nodes that nobody calls are closed',
    promises: 'P7',
    replace: { [channels]: [['this.#cancelSweep ??= this.#clock.setTimer(IDLE_MS, this.#sweep);', '']] },
    noticedBy: { [grpc]: 'is shared by its calls, closed after five minutes without one' },
  },
  {
    name: 'channels-bounded',
    mechanism: 'idle connections to nodes are bounded',
    promises: 'P7',
    replace: { [channels]: [['this.#idle.size > this.#maxIdle', 'false']] },
    noticedBy: { [grpc]: 'is given up for another when too many are idle' },
  },
  {
    name: 'channels-in-use',
    mechanism: 'no connection is closed under a call',
    promises: 'P5',
    replace: { [channels]: [['this.#idle.delete(address);\n    channel.calls += 1;', 'channel.calls += 1;']] },
    noticedBy: { [grpc]: 'the connection to a node' },
  },
  {
    name: 'fenced-by-runtime',
    mechanism: 'a runtime refuses tokens lower than the highest one seen',
    promises: 'P1',
    replace: { [tokens]: [['return token < (this.#tokens.get(actor)?.token ?? this.#floor);', 'return false;']] },
    noticedBy: { [conformance]: ['fencing/restore:', 'fencing/stop:'] },
  },
  {
    name: 'tokens-outlive-restart',
    mechanism: 'a runtime remembers the highest tokens across its restarts',
    promises: 'P1',
    replace: {
      [tokens]: [['else if (token > (log.#tokens.get(actor)?.token ?? -1)) log.#remember(actor, token, true);', '']],
    },
    noticedBy: { [killed]: 'the highest token of a killed runtime is remembered' },
  },
  {
    name: 'token-before-effect',
    mechanism: 'a token is on the disk before the call has an effect',
    promises: 'P1',
    replace: { [tokens]: [['await this.#file.datasync();', '']] },
    noticedBy: { [disk]: 'a token is on the disk before it is admitted' },
  },
  {
    name: 'token-in-memory-first',
    mechanism: 'a lower token is refused while a greater one is being written down',
    promises: 'P1',
    replace: {
      [tokens]: [['const entry = this.#remember(actor, token, false);', 'const entry = { token, durable: false };']],
    },
    noticedBy: { [tokenLog]: 'a lower token is refused while the greater one is still being written' },
  },
  {
    name: 'token-overtaken',
    mechanism: 'a token that was overtaken while it was written down is refused',
    promises: 'P1',
    replace: { [tokens]: [['    });\n    this.refuseStale(actor, token);', '    });']] },
    noticedBy: { [tokenLog]: 'a token that a greater one has overtaken while it was being written is refused' },
  },
  {
    name: 'token-torn-line',
    mechanism: 'a line that a crash has torn hides none of those after it',
    promises: 'P1',
    replace: { [tokens]: [['`\\n${actor} ${String(token)}\\n`', '`${actor} ${String(token)}\\n`']] },
    noticedBy: { [tokenLog]: 'a line that a failed write has torn takes none of those after it along' },
  },
  {
    name: 'token-floor-kept',
    mechanism: 'tokens of actors that were forgotten are refused all the same',
    promises: 'P1 P7',
    replace: { [tokens]: [['this.#floor = Math.max(this.#floor, token);\n        this.#tokens', 'this.#tokens']] },
    noticedBy: { [tokenLog]: 'past its limit it forgets the actors of longest ago, and refuses what could be theirs' },
  },
  {
    name: 'tokens-bounded',
    mechanism: 'the tokens that are remembered are bounded',
    promises: 'P7',
    replace: {
      [tokens]: [
        ['if (this.#tokens.size > this.#maxActors || this.#lines > 2 * this.#maxActors) await this.#compact();', ''],
      ],
    },
    noticedBy: { [tokenLog]: 'past its limit it forgets the actors of longest ago' },
  },
  {
    name: 'tokens-unreadable',
    mechanism: 'a runtime that cannot read its tokens does not start',
    promises: 'P1',
    replace: {
      [tokens]: [
        ["if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';\n      throw error;", "return '';"],
      ],
    },
    noticedBy: { [disk]: 'tokens that the disk does not give back stop the start' },
  },
  {
    name: 'file-renamed',
    mechanism: 'a reader sees the old file or the new one, never a mixture',
    promises: 'P6',
    replace: { [durable]: [['const temporary = `${path}.new`;', 'const temporary = path;']] },
    noticedBy: { [disk]: 'a file gets its name when all of it is on the disk' },
  },
  {
    name: 'file-synced',
    mechanism: 'a file gets its name when all of it is on the disk',
    promises: 'P6',
    replace: { [durable]: [['await file.sync();', '']] },
    noticedBy: { [disk]: 'a file gets its name when all of it is on the disk' },
  },
  {
    name: 'name-synced',
    mechanism: "a file's name is on the disk before anybody is told",
    promises: 'P6',
    replace: { [durable]: [['await syncDirectory(dirname(path));\n}', '}']] },
    noticedBy: { [disk]: 'a file gets its name when all of it is on the disk' },
  },
  {
    name: 'manifest-last',
    mechanism: 'a snapshot has its manifest only when its archive is on the disk',
    promises: 'P6',
    replace: { [pack]: [['await file.sync();', '']] },
    noticedBy: { [disk]: 'a snapshot has its manifest only when its archive is on the disk, name and all' },
  },
  {
    name: 'manifest-after-name',
    mechanism: 'a snapshot has its manifest only when its archive has its name on the disk',
    promises: 'P6',
    replace: { [pack]: [['    await syncDirectory(directory);\n', '']] },
    noticedBy: { [disk]: 'a snapshot has its manifest only when its archive is on the disk, name and all' },
  },
  {
    name: 'manifest-first',
    mechanism: 'a snapshot without a whole archive has no manifest',
    promises: 'P6',
    replace: {
      [pack]: [
        [
          'const written = await writeArchive(',
          'await writeDurably(join(directory, MANIFEST), JSON.stringify({ format_version: FORMAT_VERSION, archive }));\n    const written = await writeArchive(',
        ],
      ],
    },
    noticedBy: { [disk]: 'a snapshot has its manifest only when its archive is on the disk, name and all' },
  },
  {
    name: 'pack-undone',
    mechanism: 'a checkpoint that was cancelled leaves nothing of its snapshot',
    promises: 'P6 P7',
    replace: { [pack]: [['await undo(directory, archive, made);', '']] },
    noticedBy: { [faults]: 'leaves the actor running and nothing of the snapshot' },
  },
  {
    name: 'pack-replaces',
    mechanism: 'a snapshot that was replaced takes no space',
    promises: 'P7',
    replace: { [pack]: [['await removeOthers(directory, archive);', '']] },
    noticedBy: { [faults]: 'a second snapshot to one place replaces the first whole' },
  },
  {
    name: 'archive-hash',
    mechanism: 'an archive that was altered is refused before anything reads it',
    promises: 'P6',
    replace: { [snapshot]: [["if (hash.digest('hex') !== manifest.sha256) throw", 'if (false) throw']] },
    noticedBy: { [faults]: 'one flipped bit: DATA_LOSS' },
  },
  {
    name: 'archive-own',
    mechanism: 'a manifest names an archive beside itself, and no other file',
    promises: 'P6',
    replace: { [snapshot]: [['/^[\\w-]+\\.tar$/.test(manifest.archive)', 'manifest.archive.length > 0']] },
    noticedBy: { [faults]: 'a manifest that names a file elsewhere: DATA_LOSS' },
  },
  {
    name: 'unpack-inside',
    mechanism: 'nothing of a snapshot lands outside of its directory',
    promises: 'P6',
    replace: {
      'runtime/places/unpack.ts': [
        ['return outside === undefined;', 'return true;'],
        ['if (outside !== undefined) {', 'if (false) {'],
      ],
    },
    noticedBy: { 'unit/places-unpack': 'an entry that would land' },
  },
  {
    name: 'runs-once',
    mechanism: 'what an actor has left elsewhere on a node ends before it starts again',
    promises: 'P6',
    replace: {
      [placed]: [['if (place !== undefined) await this.#places.remove(place);\n      const started', 'const started']],
    },
    noticedBy: { [conformance]: 'workers/runs-once:' },
  },
  {
    name: 'vacates-older',
    mechanism: 'whoever is left on a worker from a claim that is over is stopped before another starts',
    promises: 'P6',
    replace: { [placed]: [['await this.#places.vacate(worker, call);', '']] },
    noticedBy: { [conformance]: 'workers/leftover:' },
  },
  {
    name: 'vacates-no-newer',
    mechanism: 'whoever holds a worker with a greater token stays',
    promises: 'P1 P6',
    replace: { [places]: [['if (place.isOfWorth && place.fencingToken >= fencingToken) throw', 'if (false) throw']] },
    noticedBy: { [conformance]: 'workers/occupied:' },
  },
  {
    name: 'restore-repeated',
    mechanism: 'a restore of what runs already leaves it as it is',
    promises: 'P6',
    replace: { [placed]: [['if (running !== undefined) return running;', '']] },
    noticedBy: { [conformance]: 'repetition/restore:' },
  },
  {
    name: 'restore-newer-token',
    mechanism: 'an actor that is restored again holds its worker with the newer token',
    promises: 'P1 P6',
    replace: { [place]: [['if (this.#record.now.fencingToken < call.fencingToken) {', 'if (false) {']] },
    noticedBy: { 'integration/process-runtime': 'holds its worker with the newer token' },
  },
  {
    name: 'restore-of-the-same',
    mechanism: 'an actor that runs from another snapshot is not taken for what is asked for',
    promises: 'P6',
    replace: {
      [place]: [
        ['if (this.#launch === undefined || origin(this.#launch.call) !== origin(call)) return undefined;', ''],
      ],
    },
    noticedBy: { [conformance]: 'restore/replaces:' },
  },
  {
    name: 'checkpoint-repeated',
    mechanism: 'a checkpoint whose snapshot is complete succeeds when it is repeated',
    promises: 'P5',
    replace: { [placed]: [['if (size !== undefined) return size;\n      }', '}']] },
    noticedBy: { [conformance]: 'repetition/checkpoint:' },
  },
  {
    name: 'checkpoint-undone',
    mechanism: 'a checkpoint that fails leaves the actor running, with its state',
    promises: 'P6',
    replace: {
      [place]: [
        [
          'if (wasAlive && !crashed && !(await this.#undoStop(state, error)) && !signal.aborted) throw notUndone(reason);',
          '',
        ],
      ],
    },
    noticedBy: { [faults]: 'checkpoint that cannot write leaves the actor running, with its state' },
  },
  {
    name: 'crashed-is-not-saved',
    mechanism: 'what a program leaves that was killed while it saved is no snapshot',
    promises: 'P6',
    replace: { [place]: [["crashed = end === 'crashed';", 'crashed = false;']] },
    noticedBy: { [faults]: 'a program that something kills while it saves' },
  },
  {
    name: 'restore-undone',
    mechanism: 'a restore that fails leaves its worker empty',
    promises: 'P6',
    replace: {
      [place]: [
        [
          'const gone = Promise.resolve(this.#program?.kill()).then(() => this.#clear());',
          'const gone = Promise.resolve();',
        ],
      ],
    },
    noticedBy: { [faults]: 'that is not ready in time is ended' },
  },
  {
    name: 'saved-is-kept',
    mechanism: 'what an actor saves when its runtime stops is kept for a checkpoint',
    promises: 'P6',
    replace: {
      [place]: [
        ["await this.#record.change({ state: 'stopping' });\n      await program.terminate", 'await program.terminate'],
      ],
    },
    noticedBy: {
      [faults]: 'what an actor saves when its runtime stops in order can be checkpointed after the restart',
    },
  },
  {
    name: 'stopping-before-signal',
    mechanism: 'that an actor is told to save is written down before it is told',
    promises: 'P6',
    replace: {
      [place]: [["await this.#record.change({ state: 'stopping', fencingToken: call.fencingToken });", '']],
    },
    noticedBy: { [killed]: 'a checkpoint that was cut off after the stop is finished by its repetition' },
  },
  {
    name: 'held-until-recorded',
    mechanism: 'no program starts before it is written down, for the runtime that comes after a crash',
    promises: 'P6',
    replace: {
      [place]: [
        [
          'await this.#record.change({ state: until, group: program.group, ...(kind.outlives ? { call } : {}) });\n',
          '',
        ],
      ],
    },
    noticedBy: { [killed]: 'an actor that was only starting is ended, and its directory removed' },
  },
  {
    name: 'leftover-ended',
    mechanism: 'a runtime that starts after a crash ends what was only starting',
    promises: 'P6',
    replace: { [leftover]: [['await alive?.kill();', '']] },
    noticedBy: { 'unit/places-leftover': 'an actor that was only starting is ended' },
  },
  {
    name: 'leftover-saved',
    mechanism: 'a runtime that starts after a crash lets actors that still run save',
    promises: 'P6',
    replace: { [leftover]: [['await writeRecord(directory, kept);', '']] },
    noticedBy: { 'unit/places-leftover': 'that an actor is told to save is written down first' },
  },
  {
    name: 'one-runtime',
    mechanism: 'two runtimes do not use one directory at the same time',
    promises: 'P1',
    replace: { 'runtime/places/gate.ts': [['await takeDirectory(dataDir);', '']] },
    noticedBy: { [killed]: 'two runtimes cannot use one directory at the same time' },
  },
  {
    name: 'frozen-committed',
    mechanism: 'a freeze that is cancelled lets the actor go on',
    promises: 'P6',
    replace: { [place]: [['if (parkedAs === undefined) await program.thaw();', '']] },
    noticedBy: { [paused]: 'a freeze that is cancelled when the actor stands still lets it go on' },
  },
  {
    name: 'thaw-undone',
    mechanism: 'a thaw that is cancelled leaves the actor frozen',
    promises: 'P6',
    replace: { [place]: [["if (state === 'frozen') await program.freeze();\n      throw signal", 'throw signal']] },
    noticedBy: { [paused]: 'a thaw that is cancelled leaves the actor frozen' },
  },
  {
    name: 'parked-bounded',
    mechanism: 'frozen actors are bounded',
    promises: 'P7',
    replace: { [places]: [['if (parked.length < maxParked) return undefined;', 'if (true) return undefined;']] },
    noticedBy: { [paused]: 'past the limit an actor is not frozen and runs on' },
  },
  {
    name: 'parked-counts-freezing',
    mechanism: 'actors that are being frozen count for the bound',
    promises: 'P7',
    replace: { [places]: [[' || this.#freezing.has(place)', '']] },
    noticedBy: { [paused]: 'two freezes at once do not exceed the limit' },
  },
  {
    name: 'calls-in-turn',
    mechanism: 'of two calls on one actor the newer starts only when the older has been undone',
    promises: 'P1 P6',
    replace: {
      [inFlight]: [
        [
          'await abortable(\n        other.result.catch(() => undefined),\n        signal,\n      );',
          'this.#flights.delete(other);',
        ],
      ],
    },
    noticedBy: { [flights]: 'a greater token starts only when the call before it has been undone' },
  },
  {
    name: 'calls-superseded',
    mechanism: 'a call with a greater token ends the older one',
    promises: 'P1 P5',
    replace: {
      [inFlight]: [
        [
          'if (other.call.actor === call.actor || call.takesWorker) other.abort.abort(superseded(other.call, call));',
          '',
        ],
      ],
    },
    noticedBy: { [conformance]: 'fencing/supersedes:' },
  },
  {
    name: 'calls-joined',
    mechanism: 'a call that repeats one under way joins it',
    promises: 'P6',
    replace: { [inFlight]: [['if (isRepetition(call, other.call) && !other.abort.signal.aborted) {', 'if (false) {']] },
    noticedBy: { [conformance]: 'repetition/join-restore:' },
  },
  {
    name: 'calls-left',
    mechanism: 'work is cancelled only when all that wait for it have gone',
    promises: 'P4',
    replace: { [inFlight]: [['if (flight.waiting === 0) flight', 'if (true) flight']] },
    noticedBy: { [conformance]: 'repetition/leave:' },
  },
  {
    name: 'calls-stale-again',
    mechanism: 'a call that has waited is refused if a greater token has come meanwhile',
    promises: 'P1',
    replace: { [inFlight]: [['signal.throwIfAborted();\n      refuseStale();', 'signal.throwIfAborted();']] },
    noticedBy: { [flights]: 'a call that has waited does not start if a greater token has come meanwhile' },
  },
  {
    name: 'kill-after-grace',
    mechanism: 'a program that does not stop when it is told to is killed',
    promises: 'P5',
    replace: { 'runtime/process/process-group.ts': [['return await kill(pid, clock);\n}', "return 'stuck';\n}"]] },
    noticedBy: { [faults]: 'that ignores SIGTERM is killed after the grace' },
  },
  {
    name: 'output-bounded',
    mechanism: 'what an actor writes fills no disk',
    promises: 'P7',
    replace: {
      'runtime/process/output-log.ts': [
        ['if (this.#file !== undefined && this.#bytes >= FILE_BYTES) {', 'if (false) {'],
      ],
    },
    noticedBy: { [faults]: 'that writes without end fills no disk and no memory' },
  },
];

// What callers see and can do: streams and their one status, errors, requests,
// addresses, settings.

import type { Mutation } from './mutation.js';

const stream = 'rpc/stream.ts';
const call = 'rpc/call.ts';
const status = 'rpc/status.ts';
const details = 'rpc/status-details.ts';
const guard = 'rpc/call-guard.ts';
const listen = 'rpc/listen.ts';
const streams = 'unit/rpc-stream';
const server = 'unit/rpc-server';
const statuses = 'unit/rpc-status';
const requests = 'unit/rpc-validate';
const config = 'unit/config';

export const rpcMutations: readonly Mutation[] = [
  {
    name: 'stream-status',
    mechanism: 'a stream that fails ends with a status that says why',
    promises: 'P4',
    replace: { [stream]: [["else call.emit('error', toStatus(failure.error));", 'else call.end();']] },
    noticedBy: { [streams]: 'at an error: that error, after the events before it' },
  },
  {
    name: 'stream-unexpected-logged',
    mechanism: 'an error that nobody foresaw is in the log',
    promises: 'P4',
    replace: { [stream]: [['if (isUnexpected(error)) deps.onUnexpected(error, call.getPath());', '']] },
    noticedBy: { [streams]: 'at an error that nobody foresaw: INTERNAL, and the log has it' },
  },
  {
    name: 'stream-back-pressure',
    mechanism: 'a reader that stalls is waited for, and few events are taken meanwhile',
    promises: 'P7',
    replace: {
      [stream]: [
        [
          'if (!call.write(handler.encode(next.value))) await drained(call, opened, producer, deps);',
          'call.write(handler.encode(next.value));',
        ],
      ],
    },
    noticedBy: { [streams]: 'gets every event once it reads on; until then few are taken' },
  },
  {
    name: 'stream-stall-bounded',
    mechanism: 'a reader that has stalled is given up some time after the workflow has ended',
    promises: 'P7',
    replace: {
      [stream]: [
        ['if (producer.ended) producer.onEnded();', ''],
        ['producer.ended = true;\n    producer.onEnded?.();', 'producer.ended = true;'],
      ],
    },
    noticedBy: { [streams]: 'is given up some time after the workflow has ended, and its stream is freed' },
  },
  {
    name: 'stream-reset',
    mechanism: 'a stream whose reader has stalled is freed, though no status gets through',
    promises: 'P7',
    replace: { [stream]: [['http2StreamOf(call)?.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);', '']] },
    noticedBy: { [streams]: 'a reader that stalls' },
  },
  {
    name: 'stream-cancel-while-stalled',
    mechanism: 'a caller that goes away while it is waited for is noticed',
    promises: 'P3',
    replace: { [stream]: [["opened.signal.addEventListener('abort', onAbort, { once: true });", '']] },
    noticedBy: { [streams]: 'while the workflow waits for it to read is noticed, and the iterator returned' },
  },
  {
    name: 'stream-iterator-returned',
    mechanism: 'a workflow is told when its stream is over',
    promises: 'P3',
    replace: { [stream]: [['if (!isOver) await iterator.return?.();', '']] },
    noticedBy: { [streams]: 'while the workflow waits for it to read is noticed, and the iterator returned' },
  },
  {
    name: 'stream-closing',
    mechanism: 'streams end with DRAINING when the server closes',
    promises: 'P4',
    replace: { [stream]: [["else deps.closing.addEventListener('abort', onClosing, { once: true });", '']] },
    noticedBy: { [streams]: 'when the server closes: UNAVAILABLE' },
  },
  {
    name: 'call-own-deadline',
    mechanism: "the caller's deadline is watched also where a stalled reader keeps grpc-js from it",
    promises: 'P4',
    replace: { [call]: [['          abort(deadlinePassed());\n        });', '        });']] },
    noticedBy: { [streams]: 'is also ended by its deadline' },
  },
  {
    name: 'caller-gone-told',
    mechanism: 'a workflow is told that its caller has gone',
    promises: 'P3',
    replace: { [call]: [["else call.once('cancelled', onCancelled);", '']] },
    noticedBy: { [streams]: 'by cancelling is told to the workflow, whose iterator is left' },
  },
  {
    name: 'call-end-is-no-cancel',
    mechanism: 'a normal end is not taken for a caller that has gone',
    promises: 'P4',
    replace: { [call]: [["      call.off('cancelled', onCancelled);\n", '']] },
    noticedBy: { [streams]: 'after the end is nothing: the signal stays as it was' },
  },
  {
    name: 'call-deadline-told-apart',
    mechanism: 'a cancel at the deadline is the deadline, not a caller that has gone',
    promises: 'P4',
    replace: {
      [call]: [
        ['abort(atDeadline ? deadlinePassed() : new', 'abort(new'],
        ['          abort(deadlinePassed());\n        });', '        });'],
      ],
    },
    noticedBy: { [streams]: "at the caller's deadline: DEADLINE_EXCEEDED, and the workflow is told why" },
  },
  {
    name: 'status-closed-set',
    mechanism: 'nothing of an error that nobody foresaw reaches a caller',
    promises: 'P4',
    replace: {
      'errors.ts': [
        [
          "return new CoordinatorError('INTERNAL', 'internal error; the log of this replica has the details', {",
          "return new CoordinatorError('INTERNAL', String(error), {",
        ],
      ],
    },
    noticedBy: { [statuses]: 'an error that is not of the closed set' },
  },
  {
    name: 'status-internal-in-doubt',
    mechanism: 'what failed in a way nobody foresaw may have happened',
    promises: 'P6',
    replace: { 'errors.ts': [['    maybeDone: true,\n    cause: error,', '    cause: error,']] },
    noticedBy: { 'unit/run-steps': 'turns an error of unknown kind into INTERNAL, which may have been done' },
  },
  {
    name: 'status-retry-info',
    mechanism: 'what passes by itself says when to try again',
    promises: 'P4',
    replace: { [status]: [['(RETRYABLE.has(error.reason) ? DEFAULT_RETRY_AFTER_MS : undefined)', 'undefined']] },
    noticedBy: { [statuses]: 'a status for' },
  },
  {
    name: 'status-message-bound',
    mechanism: 'the text of a status is bounded',
    promises: 'P4 P7',
    replace: { [status]: [['let message = cutText(text, MAX_MESSAGE_LENGTH);', 'let message = text;']] },
    noticedBy: { [statuses]: 'the trailers stay below 8 kB' },
  },
  {
    name: 'status-details-bound',
    mechanism: 'the details of a status fit what C-core clients take',
    promises: 'P4',
    replace: {
      [details]: [['if (bytes.length <= MAX_DETAILS_BYTES) return bytes;', 'if (bytes.length > 0) return bytes;']],
    },
    noticedBy: { [statuses]: 'the trailers stay below 8 kB' },
  },
  {
    name: 'status-well-formed',
    mechanism: 'a text that is no Unicode reaches a caller all the same',
    promises: 'P4',
    replace: {
      [details]: [['`${text.slice(0, maxLength - 1)}…`).toWellFormed()', '`${text.slice(0, maxLength - 1)}…`)']],
    },
    noticedBy: { [statuses]: 'the trailers stay below 8 kB' },
  },
  {
    name: 'peer-trailers',
    mechanism: 'trailers of a peer that cannot be read are none',
    promises: 'P4',
    replace: { [details]: [['  } catch {\n    return undefined;\n  }', '  } catch (error) {\n    throw error;\n  }']] },
    noticedBy: { [statuses]: 'that cannot be read are none' },
  },
  {
    name: 'fields-named',
    mechanism: 'a bad request is refused with every field that is wrong, by name',
    promises: 'P4',
    replace: { 'rpc/validate.ts': [['violations.throwIfAny();', '']] },
    noticedBy: { [requests]: 'with many mistakes is refused with all of them in one error' },
  },
  {
    name: 'fields-bounded',
    mechanism: 'many mistakes cost no more than twenty',
    promises: 'P7',
    replace: { 'rpc/validate.ts': [['const MAX_VIOLATIONS = 20;', 'const MAX_VIOLATIONS = 200;']] },
    noticedBy: { [requests]: 'with 60,000 mistakes costs no more than one with twenty' },
  },
  {
    name: 'names-stay-in-their-slot',
    mechanism: 'no name can leave its hash tag, and so its slot in a Cluster',
    promises: 'P1',
    replace: { 'actor/actor.ts': [['return DNS_LABEL.test(text);', "return text !== '';"]] },
    noticedBy: { [requests]: 'with many mistakes is refused with all of them in one error' },
  },
  {
    name: 'integers-safe',
    mechanism: 'a number that no double holds is refused, not rounded',
    promises: 'P1',
    replace: { 'rpc/validate.ts': [['if (!Number.isSafeInteger(value))', 'if (Number.isNaN(value))']] },
    noticedBy: { [requests]: 'a uint64' },
  },
  {
    name: 'options-depth',
    mechanism: 'options are no deeper than every decoder takes',
    promises: 'P4',
    replace: { 'rpc/struct.ts': [['if (depth > MAX_STRUCT_DEPTH) throw', 'if (false) throw']] },
    noticedBy: { [requests]: 'runtime_options' },
  },
  {
    name: 'page-token-bound',
    mechanism: 'a page token of another listing is refused',
    promises: 'P4',
    replace: { 'rpc/page.ts': [['encodePageToken(listing, after) !== got', 'false']] },
    noticedBy: { [requests]: 'a page token' },
  },
  {
    name: 'gone-before-it-began',
    mechanism: 'a call whose caller is gone before it begins starts nothing',
    promises: 'P4 P7',
    replace: { 'rpc/call.ts': [[' || stream?.closed === true || stream?.destroyed === true', '']] },
    noticedBy: { 'unit/rpc-stream': 'a call whose caller was gone before its request was whole starts nothing' },
  },
  {
    name: 'guard-request-in-time',
    mechanism: 'a caller that sends half of a request loses its call',
    promises: 'P7',
    replace: { [guard]: [['waitForRequest(limits.requestWithinMs);', '']] },
    noticedBy: { 'unit/call-guard': 'has arrived in time ends with RESOURCE_EXHAUSTED' },
  },
  {
    name: 'guard-answer-taken',
    mechanism: 'a caller that does not take its answer loses its call',
    promises: 'P7',
    replace: { [guard]: [['stream?.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);', '']] },
    noticedBy: { 'unit/call-guard': 'that nobody grants flow control for is reset' },
  },
  {
    name: 'guard-calls-bounded',
    mechanism: 'calls at once of one method are bounded',
    promises: 'P7',
    replace: {
      [guard]: [
        [
          'const isTooMany = (tally.calls.get(path) ?? 0) >= maxCalls && share.calls >= limits.sharedCalls;',
          'const isTooMany = false;',
        ],
      ],
    },
    noticedBy: { 'unit/call-guard': 'that are too many are refused' },
  },
  {
    name: 'guard-calls-shared',
    mechanism: 'one connection that takes all calls leaves the others their share',
    promises: 'P7',
    replace: { [guard]: [[' && share.calls >= limits.sharedCalls;', ';']] },
    noticedBy: { 'unit/call-guard': 'but each connection has its share' },
  },
  {
    name: 'guard-calls-counted-down',
    mechanism: 'a call that has ended counts no more',
    promises: 'P5',
    replace: { [guard]: [['holdCall(-1);', '']] },
    noticedBy: { 'unit/call-guard': 'are counted down when they are reset at once' },
  },
  {
    name: 'guard-bytes-bounded',
    mechanism: 'bytes of requests that have not arrived whole are bounded',
    promises: 'P7',
    replace: {
      [guard]: [
        [
          'if (tally.partialBytes > limits.maxPartialBytes && share.partialBytes > limits.sharedPartialBytes) {',
          'if (false) {',
        ],
      ],
    },
    noticedBy: { 'unit/call-guard': 'that arrives while too many others have in part is refused' },
  },
  {
    name: 'guard-bytes-shared',
    mechanism: 'one connection that sends parts of requests leaves the others their share',
    promises: 'P7',
    replace: { [guard]: [[' && share.partialBytes > limits.sharedPartialBytes) {', ') {']] },
    noticedBy: { 'unit/call-guard': 'that arrives while too many others have in part is refused' },
  },
  {
    name: 'guard-undecodable',
    mechanism: 'a request that cannot be decoded is its caller’s error',
    promises: 'P4',
    replace: { [guard]: [['if (message instanceof Undecodable) {', 'if (false) {']] },
    noticedBy: { 'unit/call-guard': 'that cannot be decoded is INVALID_ARGUMENT' },
  },
  {
    name: 'socket-of-the-dead',
    mechanism: 'a socket file that a killed process has left is replaced',
    promises: 'P5',
    replace: { [listen]: [["if (code === 'ECONNREFUSED') await rm(path, { force: true });", '']] },
    noticedBy: { [server]: 'may hold a socket file that a killed process left' },
  },
  {
    name: 'socket-in-use',
    mechanism: 'a socket that somebody serves is left alone',
    promises: 'P5',
    replace: {
      [listen]: [
        ["if (code === '') return 'another process serves it';\n  if (code === 'ECONNREFUSED') await", 'await'],
      ],
    },
    noticedBy: { [server]: 'that others use are refused by name, and nothing stays bound' },
  },
  {
    name: 'socket-or-file',
    mechanism: 'a file that is no socket is left alone',
    promises: 'P6',
    replace: {
      [listen]: [["if (!found.isSocket()) return 'a file that is no socket is in the way; it was left alone';", '']],
    },
    noticedBy: { [server]: 'that are a plain file are refused, and the file stays' },
  },
  {
    name: 'socket-mode',
    mechanism: 'only the owner and its group can connect to a socket',
    promises: 'P1',
    replace: { [listen]: [['await chmod(path, socketMode);', '']] },
    noticedBy: { 'e2e/serving': 'may be several, a Unix socket among them that its group may use' },
  },
  {
    name: 'addresses-all-or-none',
    mechanism: 'all addresses are bound or none is',
    promises: 'P4',
    replace: { [listen]: [['    server.forceShutdown();\n    throw error;', '    throw error;']] },
    noticedBy: { [server]: 'that others use are refused by name, and nothing stays bound' },
  },
  {
    name: 'health-readiness',
    mechanism: 'health follows readiness under each name',
    promises: 'P5',
    replace: { 'rpc/health.ts': [["ready ? 'SERVING' : 'NOT_SERVING'", "'SERVING'"]] },
    noticedBy: { [server]: 'follows readiness by every name, but for liveness' },
  },
  {
    name: 'health-liveness',
    mechanism: 'a Redis that is down restarts nobody',
    promises: 'P5',
    replace: {
      'rpc/health.ts': [["this.#services = ['', ...services];", "this.#services = ['', LIVENESS, ...services];"]],
    },
    noticedBy: { [server]: 'follows readiness by every name, but for liveness' },
  },
  {
    name: 'close-bounded',
    mechanism: 'a server closes in bounded time, whoever holds on to it',
    promises: 'P3',
    replace: {
      'rpc/server.ts': [['          server.forceShutdown();\n          resolve();', '          server.forceShutdown;']],
    },
    noticedBy: { [server]: 'does not keep the server from closing' },
  },
  {
    name: 'key-prefix-without-braces',
    mechanism: 'a key prefix cannot move keys that belong together to different slots',
    promises: 'P1',
    replace: { 'config.ts': [['/^[^\\s{}]{0,64}$/', '/^[^\\s]{0,64}$/']] },
    noticedBy: { [config]: 'the configuration' },
  },
  {
    name: 'duration-bounded',
    mechanism: 'a duration that no timer can wait for is refused',
    promises: 'P2',
    replace: { 'config.ts': [['if (!(ms <= MAX_DURATION_MS)) {', 'if (Number.isNaN(ms)) {']] },
    noticedBy: { [config]: 'the configuration' },
  },
  {
    name: 'settings-named',
    mechanism: 'a bad setting is told by its flag, with what would be right',
    promises: 'P4',
    replace: { 'config.ts': [['flag === undefined ? error.message : `${flag}: ${error.message}`', 'error.message']] },
    noticedBy: { [config]: 'the configuration' },
  },
];

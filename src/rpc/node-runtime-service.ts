// Serves a NodeRuntime as the gRPC service of node_runtime.proto. Guarantees:
// a request that names no actor, worker or token never reaches the runtime; a
// caller that reads slowly costs one progress event of memory, the latest; a
// caller is told progress PROGRESS_GAP_MS apart, however fast the runtime reports
// it; a call that its caller gave up is cancelled, and undone before the handler ends.

import type { Snapshot } from '../actor/actor.js';
import type { Clock } from '../clock.js';
import type { CheckpointRequest__Output } from '../generated/actorworkflow/v1/CheckpointRequest.js';
import type { CheckpointEvent } from '../generated/actorworkflow/v1/CheckpointEvent.js';
import type { NodeRuntimeHandlers } from '../generated/actorworkflow/v1/NodeRuntime.js';
import type { RestoreEvent } from '../generated/actorworkflow/v1/RestoreEvent.js';
import type { RestoreRequest__Output } from '../generated/actorworkflow/v1/RestoreRequest.js';
import type { StopRequest__Output } from '../generated/actorworkflow/v1/StopRequest.js';
import type {
  CheckpointCall,
  NodeRuntime,
  ReportProgress,
  RestoreCall,
  RuntimeCall,
  RuntimeProgress,
} from '../runtime/node-runtime.js';
import type { CallDeps } from './call.js';
import { serverStream, type EventSource } from './stream.js';
import { unary } from './unary.js';
import { actorRef, safeInteger, validate, workerRef, type Violations } from './validate.js';
import { snapshot, workloadSpec } from './validate-actor.js';

type NodeRuntimeEvent<Result> = { readonly progress: RuntimeProgress } | { readonly result: Result };

export function nodeRuntimeService(runtime: NodeRuntime, deps: CallDeps): NodeRuntimeHandlers {
  return {
    Restore: serverStream(
      {
        open: (request: RestoreRequest__Output, { signal }) => {
          const call = restoreCall(request);
          return follow(deps.clock, (report) => runtime.restore(call, report, signal));
        },
        encode: (event): RestoreEvent => ('result' in event ? { restored: event.result } : event),
      },
      deps,
    ),
    Checkpoint: serverStream(
      {
        open: (request: CheckpointRequest__Output, { signal }) => {
          const call = checkpointCall(request);
          return follow(deps.clock, (report) => runtime.checkpoint(call, report, signal));
        },
        encode: (event): CheckpointEvent =>
          'result' in event ? { checkpointed: { size_bytes: event.result.sizeBytes } } : event,
      },
      deps,
    ),
    Stop: unary(
      (request: StopRequest__Output, { signal }) =>
        runtime.stop(
          validate((found) => runtimeCall(found, request)),
          signal,
        ),
      deps,
    ),
  };
}

/** Twenty a second are more than anybody reads; a runtime that packs reports one for each mebibyte. */
const PROGRESS_GAP_MS = 50;

/** The progress of `start` and then its result. It runs whether anybody reads or not; what nobody has read is replaced. */
function follow<Result>(
  clock: Clock,
  start: (report: ReportProgress) => Promise<Result>,
): EventSource<NodeRuntimeEvent<Result>> {
  let latest: RuntimeProgress | undefined;
  let over = false;
  let wake = (): void => undefined;
  let finish = (): void => undefined;
  const work = start((progress) => {
    latest = progress;
    wake();
  });
  const ended = work
    .catch(() => undefined)
    .then(() => {
      over = true;
      wake();
      finish();
    });
  async function* events(): AsyncGenerator<NodeRuntimeEvent<Result>, void, undefined> {
    let nextAtMs = clock.nowMs();
    try {
      for (;;) {
        const gapMs = nextAtMs - clock.nowMs();
        if (latest !== undefined && (over || gapMs <= 0)) {
          const progress = latest;
          latest = undefined;
          nextAtMs = clock.nowMs() + PROGRESS_GAP_MS;
          yield { progress };
        } else if (over) {
          yield { result: await work };
          return;
        } else if (latest !== undefined) {
          await new Promise<void>((resolve) => {
            const cancelTimer = clock.setTimer(gapMs, resolve);
            finish = () => {
              cancelTimer();
              resolve();
            };
          });
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } finally {
      // Given up by its reader: the signal has aborted then, and the runtime undoes what it has begun.
      await ended;
    }
  }
  return Object.assign(events(), { ended });
}

function restoreCall(request: RestoreRequest__Output): RestoreCall {
  return validate((violations) => ({
    ...runtimeCall(violations, request),
    spec: workloadSpec(violations, 'spec', request.spec),
    ...(request.snapshot === null ? {} : { snapshot: snapshot(violations, 'snapshot', request.snapshot) }),
  }));
}

function checkpointCall(request: CheckpointRequest__Output): CheckpointCall {
  return validate((violations) => ({
    ...runtimeCall(violations, request),
    snapshot: target(violations, request.snapshot),
  }));
}

function target(violations: Violations, got: CheckpointRequest__Output['snapshot']): Snapshot {
  if (got !== null) return snapshot(violations, 'snapshot', got);
  violations.add('snapshot', undefined, 'a Snapshot whose uri says where to write it');
  return { uri: '', location: 'DURABLE', node: '', workflowId: '', sizeBytes: 0 };
}

/** What every request has. */
function runtimeCall(violations: Violations, request: StopRequest__Output): RuntimeCall {
  const fencingToken = safeInteger(violations, 'fencing_token', request.fencing_token);
  if (fencingToken === 0) violations.add('fencing_token', 0, 'the token of the lease that the call is made under');
  if (request.workflow_id.length > 253) violations.add('workflow_id', request.workflow_id, 'at most 253 characters');
  return {
    actor: actorRef(violations, 'actor', request.actor),
    worker: workerRef(violations, 'worker', request.worker),
    fencingToken,
    workflowId: request.workflow_id,
  };
}

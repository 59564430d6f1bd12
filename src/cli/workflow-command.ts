// `actor-coordinator resume|suspend|pause|watch`: runs or follows one workflow,
// shows it, and ends with an exit code that says how it ended.

import type { Command } from 'commander';
import { decodeActor, toActorRef, type ActorRef } from '../client/actor.js';
import { toCallError } from '../client/call-error.js';
import { lastingCall, type LastingCall, type LastingOptions } from '../client/lasting-call.js';
import type { Replicas } from '../client/replicas.js';
import { unaryCall } from '../client/unary-call.js';
import {
  pauseCall,
  resumeCall,
  suspendCall,
  watchCall,
  type ResumeOptions,
  type WorkflowOptions,
} from '../client/workflow-call.js';
import { parseDuration } from '../config.js';
import { addConnectionFlags, openReplicas, retryForMs, usable, type ConnectionFlags } from './connection-flags.js';
import { inWords } from './in-words.js';
import { Interrupt } from './interrupt.js';
import { describeError, EXIT } from './outcome.js';
import { reportError } from './report-error.js';
import { chooseView } from './choose-view.js';
import type { View } from './view.js';
import { whatIsLeft } from './what-is-left.js';

export type WorkflowCommand = 'resume' | 'suspend' | 'pause' | 'watch';

interface WorkflowFlags extends ConnectionFlags {
  readonly leaseWait?: string;
  readonly workerWait?: string;
  readonly join?: boolean;
  readonly detach?: boolean;
  readonly deadline?: string;
  readonly boot?: boolean;
  readonly afterSequence?: string;
}

const ABOUT: Readonly<Record<WorkflowCommand, string>> = {
  resume: 'bring an actor to RUNNING on a worker, from its latest snapshot or its command',
  suspend: 'write a snapshot of a RUNNING actor to durable storage and free its worker',
  pause: 'freeze a RUNNING actor on its node, memory and all, and free its worker',
  watch: "replay the events of an actor's workflow, or of its last one, and follow it to its end",
};

const EXAMPLES: Readonly<Record<WorkflowCommand, string>> = {
  resume: `Examples:
  actor-coordinator resume demo/a
  actor-coordinator resume demo/a --worker-wait 30s --lease-wait 15s    queue instead of failing
  actor-coordinator resume demo/a --join                                if it is being resumed already, follow that
  actor-coordinator resume demo/a --detach && actor-coordinator watch demo/a
  actor-coordinator resume demo/a -o json | jq -r .stepProgress.phase
  curl "http://$(actor-coordinator resume demo/a -o address)/"            wake it, and talk to it`,
  suspend: `Examples:
  actor-coordinator suspend demo/a
  actor-coordinator suspend demo/a --lease-wait 15s    queue behind the workflow that runs now
  actor-coordinator suspend demo/a --deadline 1m       give up after a minute`,
  pause: `Examples:
  actor-coordinator pause demo/a
  actor-coordinator resume demo/a    continues it, on the same node, within milliseconds`,
  watch: `Examples:
  actor-coordinator watch demo/a
  actor-coordinator watch demo/a -o json | jq -c 'select(.stepCompleted)'
  actor-coordinator watch demo/a --after-sequence 42    only what came after event 42`,
};

export function addWorkflowCommands(program: Command): void {
  for (const name of ['resume', 'suspend', 'pause', 'watch'] as const) {
    const command = addConnectionFlags(
      program.command(name).description(ABOUT[name]).argument('<actor>', 'NAMESPACE/NAME'),
    );
    if (name === 'watch') {
      command.option('--after-sequence <number>', 'only events with a greater sequence');
    } else {
      command
        .option('--lease-wait <duration>', 'queue, first come first served, while another workflow works on the actor')
        .option('--join', 'follow a workflow of the same kind that runs already')
        .option('--detach', 'leave as soon as it has begun; it runs on')
        .option('--deadline <duration>', "the longest that it may take; default and most: the coordinator's own");
    }
    if (name === 'resume') {
      command
        .option('--worker-wait <duration>', 'queue, first come first served, for a free worker')
        .option('--boot', 'start from its command, and ignore every snapshot');
    }
    command.addHelpText('after', `\n${EXAMPLES[name]}`).action(async (actor: string, flags: WorkflowFlags) => {
      process.exitCode = await runWorkflow(name, actor, flags);
    });
  }
}

async function runWorkflow(command: WorkflowCommand, actor: string, flags: WorkflowFlags): Promise<number> {
  const ref = usable('<actor>', () => toActorRef(actor));
  const call = toCall(command, ref, flags);
  const replicas = openReplicas(flags);
  const view = chooseView(flags.output);
  const interrupt = new Interrupt(
    () => view.say(command === 'watch' ? '' : 'cancelling; Ctrl-C again leaves at once'),
    () => view.end(),
  );
  try {
    return await follow(
      command,
      ref,
      { ...call, ...lasting(flags, interrupt.signal, view) },
      flags,
      replicas,
      view,
      interrupt,
    );
  } finally {
    view.end();
    interrupt[Symbol.dispose]();
    replicas.close();
  }
}

async function follow(
  command: WorkflowCommand,
  ref: ActorRef,
  call: LastingCall,
  flags: WorkflowFlags,
  replicas: Replicas,
  view: View,
  interrupt: Interrupt,
): Promise<number> {
  const name = `${ref.namespace}/${ref.name}`;
  let workflowId: string | undefined;
  try {
    for await (const told of lastingCall(call, replicas)) {
      workflowId = told.event.workflow_id;
      view.show(told);
      if (flags.detach === true) {
        view.say(`it runs on; 'actor-coordinator watch ${name}' follows it`);
        return EXIT.ok;
      }
    }
    return EXIT.ok;
  } catch (thrown) {
    view.end();
    if (interrupt.exitCode === undefined) {
      return reportError(toCallError(thrown), flags.output, { command, actor: name });
    }
    if (command === 'watch') {
      console.error('stopped watching; the workflow is not touched');
    } else {
      const getActor = async () =>
        decodeActor(
          await unaryCall(replicas, { timeoutMs: 2000 }, true, (client, options) => client.getActor(ref, options)),
        );
      const lines = await whatIsLeft(getActor, workflowId).catch((error: unknown) => [
        `cannot say what is left: ${describeError(toCallError(error))}`,
      ]);
      console.error(['cancelled', ...lines].join('\n'));
    }
    return interrupt.exitCode;
  }
}

function lasting(flags: WorkflowFlags, signal: AbortSignal, view: View): LastingOptions {
  const forMs = retryForMs(flags);
  return {
    signal,
    onRetry: (error, delayMs) => view.say(`${describeError(error)}; again in ${inWords(delayMs)}`),
    ...(forMs !== undefined && { retry: { forMs } }),
  };
}

function toCall(command: WorkflowCommand, ref: ActorRef, flags: WorkflowFlags): LastingCall {
  if (command === 'watch') {
    return watchCall(ref, flags.afterSequence === undefined ? {} : { afterSequence: sequence(flags.afterSequence) });
  }
  const duration = (flag: string, text: string | undefined): number | undefined =>
    text === undefined ? undefined : parseDuration(flag, text);
  const leaseWaitMs = duration('--lease-wait', flags.leaseWait);
  const deadlineMs = duration('--deadline', flags.deadline);
  const options: WorkflowOptions = {
    join: flags.join ?? false,
    onDisconnect: flags.detach === true ? 'continue' : 'cancel',
    ...(leaseWaitMs !== undefined && { leaseWaitMs }),
    ...(deadlineMs !== undefined && { deadlineMs }),
  };
  if (command === 'suspend') return suspendCall(ref, options);
  if (command === 'pause') return pauseCall(ref, options);
  const workerWaitMs = duration('--worker-wait', flags.workerWait);
  const resume: ResumeOptions = {
    ...options,
    boot: flags.boot ?? false,
    ...(workerWaitMs !== undefined && { workerWaitMs }),
  };
  return resumeCall(ref, resume);
}

function sequence(text: string): number {
  return usable('--after-sequence', () => {
    if (/^\d{1,15}$/.test(text)) return Number(text);
    throw new TypeError(`got '${text}'; expected a whole number`);
  });
}

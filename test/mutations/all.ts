// Every mutation, in the order in which they run.

import { connectionMutations } from './connection.js';
import { leaseScriptMutations } from './lease-scripts.js';
import { leaseMutations } from './lease.js';
import type { Mutation } from './mutation.js';
import { recordScriptMutations } from './record-scripts.js';
import { reconcilerMutations } from './reconciler.js';
import { rpcMutations } from './rpc.js';
import { runtimeMutations } from './runtime.js';
import { stepMutations } from './steps.js';
import { workerScriptMutations } from './worker-scripts.js';
import { workflowMutations } from './workflows.js';

export const mutations: readonly Mutation[] = [
  ...leaseMutations,
  ...leaseScriptMutations,
  ...recordScriptMutations,
  ...workerScriptMutations,
  ...connectionMutations,
  ...stepMutations,
  ...workflowMutations,
  ...reconcilerMutations,
  ...runtimeMutations,
  ...rpcMutations,
];

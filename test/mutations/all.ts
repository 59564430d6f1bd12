// Every mutation, in the order in which they run.

import { leaseMutations } from './lease.js';
import type { Mutation } from './mutation.js';

export const mutations: readonly Mutation[] = [...leaseMutations];

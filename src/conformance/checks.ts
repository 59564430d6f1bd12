// Every check, in the order in which they are made: what others build on first.

import type { Check } from './check.js';
import { argumentsChecks } from './checks/arguments.js';
import { cancellingChecks } from './checks/cancelling.js';
import { fencingChecks } from './checks/fencing.js';
import { pauseChecks } from './checks/pause.js';
import { progressChecks } from './checks/progress.js';
import { repetitionChecks } from './checks/repetition.js';
import { restartChecks } from './checks/restart.js';
import { restoreChecks } from './checks/restore.js';
import { snapshotsChecks } from './checks/snapshots.js';
import { stopChecks } from './checks/stop.js';
import { workersChecks } from './checks/workers.js';

export const CHECKS: readonly Check[] = [
  ...restoreChecks,
  ...fencingChecks,
  ...stopChecks,
  ...snapshotsChecks,
  ...repetitionChecks,
  ...cancellingChecks,
  ...workersChecks,
  ...progressChecks,
  ...argumentsChecks,
  ...pauseChecks,
  ...restartChecks,
];

// The log: one JSON object a line on standard error, as pino writes it, with
// times as RFC 3339. Nothing that is logged may hold a secret: no URL of Redis,
// no environment of an actor.

import { pino, stdTimeFunctions, type Logger } from 'pino';

/** @param level trace, debug, info, warn, error or silent */
export function createLogger(level: string, instanceId: string): Logger {
  return pino(
    {
      level,
      base: { instance_id: instanceId },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    // Synchronous: the last lines before an exit are the ones that matter.
    pino.destination({ fd: 2, sync: true }),
  );
}

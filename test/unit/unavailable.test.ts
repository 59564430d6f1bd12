import { describe, expect, it } from 'vitest';
import { unavailable } from '../../src/store/redis/unavailable.js';

function reply(message: string): Error {
  return Object.assign(new Error(message), { name: 'ReplyError' });
}

describe('an error of Redis or of its client', () => {
  it.each([
    reply('READONLY You cannot write against a read only replica.'),
    reply('LOADING Redis is loading the dataset in memory'),
    reply("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."),
    reply('CLUSTERDOWN The cluster is down'),
    reply('TRYAGAIN Multiple keys request during rehashing of slot'),
    reply('MOVED 866 127.0.0.1:7001'),
    new Error('Too many Cluster redirections. Last error: ReplyError: TRYAGAIN Multiple keys request during rehashing'),
    reply("OOM command not allowed when used memory > 'maxmemory'."),
    reply('NOREPLICAS Not enough good replicas to write.'),
    reply('MISCONF Redis is configured to save RDB snapshots, but it is currently unable to persist on disk.'),
    reply('BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.'),
    reply('NOAUTH Authentication required.'),
    reply('NOPERM User x has no permissions to run this command'),
    new Error("Stream isn't writeable and enableOfflineQueue options is false"),
    new Error('Connection is closed.'),
    new Error('None of startup nodes is available'),
  ])('passes by itself, and the command was surely not carried out: %s', (error) => {
    expect(unavailable(error)).toMatchObject({ reason: 'STORE_UNAVAILABLE', maybeDone: false, retryAfterMs: 1000 });
  });

  it.each([
    new Error('Command timed out'),
    reply("ERR The user executing the script can't run this command or subcommand script: 1a2b, on @user_script:59."),
    reply("NOPERM ACL failure in script: User x has no permissions to run the 'pexpire' command script: 1a2b"),
    new Error('Reached the max retries per request limit (which is 0).'),
    new Error('read ECONNRESET'),
  ])('passes by itself, and the command may have been carried out: %s', (error) => {
    expect(unavailable(error)).toMatchObject({ reason: 'STORE_UNAVAILABLE', maybeDone: true, retryAfterMs: 1000 });
  });

  it.each([
    reply('WRONGTYPE Operation against a key holding the wrong kind of value'),
    reply('ERR user_script:7: attempt to index a nil value script: 1a2b'),
    reply('MOVEDX is not MOVED'),
  ])('is a bug or tampering, and so stays as it is: %s', (error) => {
    expect(unavailable(error)).toBe(error);
  });
});

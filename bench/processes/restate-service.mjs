// A Restate service: a virtual object, which works on one key at a time. Its
// handler runs one journaled step and writes its state twice, where the others
// report progress, since Restate has none to tell its caller.

import { endpoint, object } from '@restatedev/restate-sdk';
import { answer } from '../start/child.mjs';

const [port] = process.argv.slice(2);
const actor = object({
  name: 'Actor',
  handlers: {
    async resume(ctx) {
      ctx.set('progress', 1);
      const address = await ctx.run('restore', async () => '127.0.0.1:8080');
      ctx.set('progress', 2);
      return { address };
    },
  },
});
// Its log would go to our output; what that costs is spared it.
await endpoint()
  .bind(actor)
  .setLogger(() => undefined)
  .listen(Number(port));
answer({});

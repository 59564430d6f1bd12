// Callers of Restate through its ingress: each asks the object of its key, and
// awaits the result.

import { connect } from 'node:http2';
import { serveCallers } from '../start/closed-loop.mjs';

serveCallers(
  async (address) => {
    const session = connect(`http://${address}`);
    session.on('error', () => undefined);
    return {
      ask: (key) =>
        new Promise((resolve, reject) => {
          const stream = session.request({ ':method': 'POST', ':path': `/Actor/${key}/resume` });
          let status = 0;
          let bytes = 0;
          stream.on('response', (headers) => (status = Number(headers[':status'])));
          stream.on('data', (chunk) => (bytes += chunk.length));
          stream.on('error', reject);
          stream.on('close', () => {
            if (status === 200) resolve({ kind: 'invocation', messages: 1, bytes });
            else reject(new Error(`the ingress answered with status ${status}`));
          });
          stream.end();
        }),
      close: () => session.close(),
    };
  },
  { turns: 1 },
);

// Keys and certificates for tests of TLS, made by openssl.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

export const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

/** Files in PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** A key and a certificate for it, for localhost: signed by the one that was made as `ca`, else by itself. */
export function certify(directory: string, name: string, ca?: string): Certificate {
  const [cert, key] = [join(directory, `${name}.crt`), join(directory, `${name}.key`)];
  const signer = ca === undefined ? [] : ['-CA', join(directory, `${ca}.crt`), '-CAkey', join(directory, `${ca}.key`)];
  const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const names = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const made = spawnSync('openssl', [...args, '-keyout', key, '-out', cert, ...names, ...signer], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(made.stderr);
  return { cert, key };
}

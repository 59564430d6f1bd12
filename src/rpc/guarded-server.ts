// A grpc-js server in which every call is behind the guard, whoever has added
// its service. Guarantees: a request that cannot be decoded is the caller's
// error, not one of the server's (INTERNAL), which is what grpc-js makes of it.

import { Server, type ServerOptions, type ServiceDefinition, type UntypedServiceImplementation } from '@grpc/grpc-js';
import type { Clock } from '../clock.js';
import { guardCalls, Undecodable, type Refusal } from './call-guard.js';
import type { CallLimits } from './limits.js';

export class GuardedServer extends Server {
  constructor(limits: CallLimits, clock: Clock, refusal: Refusal, options: ServerOptions = {}) {
    super({ ...options, interceptors: [guardCalls(limits, clock, refusal)] });
  }

  override addService(service: ServiceDefinition, implementation: UntypedServiceImplementation): void {
    const methods = Object.entries(service).map(([name, method]) => {
      const requestDeserialize = (bytes: Buffer): unknown => {
        try {
          return method.requestDeserialize(bytes);
        } catch (error) {
          return new Undecodable(error);
        }
      };
      return [name, { ...method, requestDeserialize }] as const;
    });
    super.addService(Object.fromEntries(methods), implementation);
  }

  /** Of each address; those above it are closed as soon as they are accepted. grpc-js has no option for it, so a test fails if it moves what this looks for. */
  limitConnections(max: number): void {
    const listeners: unknown = Reflect.get(this, 'http2Servers');
    if (!(listeners instanceof Map)) return;
    for (const listener of listeners.keys()) Reflect.set(listener as object, 'maxConnections', max);
  }
}

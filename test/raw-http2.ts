// HTTP/2 by hand, over a plain TCP connection: what no library would send.
// It answers nothing by itself, not even a PING, unless it is told to, and
// reads everything unless it is told not to.

import { connect, type Socket } from 'node:net';

export const FRAME = {
  data: 0,
  headers: 1,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const FLAG = { ack: 1, endStream: 1, endHeaders: 4 } as const;

/** The `initial window size` of SETTINGS. */
export const INITIAL_WINDOW_SIZE = 4;

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

export class RawConnection {
  readonly socket: Socket;
  /** How many frames of each type have arrived. */
  readonly received = new Map<number, number>();
  /** The error code of the GOAWAY that has arrived, if any. */
  goaway: number | undefined;
  /** Streams that the server has reset, and its code for the last one. */
  resets = 0;
  lastReset: number | undefined;
  /** Resolves when the server has closed the connection, or it broke. */
  readonly closed: Promise<void>;
  /** Whether SETTINGS and PING are acknowledged, so that the server takes this for a live client. */
  acknowledges = true;
  #rest: Buffer = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
  }

  /** @param address host:port. Nothing is sent yet. */
  static async open(address: string): Promise<RawConnection> {
    const split = address.lastIndexOf(':');
    const socket = connect(Number(address.slice(split + 1)), address.slice(0, split));
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new RawConnection(socket);
  }

  get isOpen(): boolean {
    return !this.socket.destroyed && this.socket.writable;
  }

  /** The preface and SETTINGS, as pairs of identifier and value. */
  greet(settings: readonly (readonly [id: number, value: number])[] = []): void {
    this.socket.write(PREFACE);
    void this.write(settingsFrame(settings));
  }

  /** Resolves when the kernel has taken it, which is never if the server does not read; or at once if the connection is gone. */
  async write(...frames: readonly Buffer[]): Promise<void> {
    if (!this.isOpen) return;
    await new Promise<void>((resolve) => {
      this.socket.once('close', resolve);
      this.socket.write(Buffer.concat(frames), () => {
        this.socket.off('close', resolve);
        resolve();
      });
    });
  }

  destroy(): void {
    this.socket.destroy();
  }

  #read(chunk: Buffer): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const found = takeFrame(this.#rest);
      if (found === undefined) return;
      this.#rest = this.#rest.subarray(9 + found.payload.length);
      this.received.set(found.type, (this.received.get(found.type) ?? 0) + 1);
      if (found.type === FRAME.goaway) this.goaway = found.payload.readUInt32BE(4);
      if (found.type === FRAME.rstStream) {
        this.resets += 1;
        this.lastReset = found.payload.readUInt32BE(0);
      }
      const isAck = (found.flags & FLAG.ack) !== 0;
      if (!this.acknowledges || isAck) continue;
      if (found.type === FRAME.ping) void this.write(frameOf(FRAME.ping, FLAG.ack, 0, found.payload));
      if (found.type === FRAME.settings) void this.write(frameOf(FRAME.settings, FLAG.ack, 0));
    }
  }
}

function takeFrame(bytes: Buffer): Frame | undefined {
  if (bytes.length < 9) return undefined;
  const length = bytes.readUIntBE(0, 3);
  if (bytes.length < 9 + length) return undefined;
  const [type, flags] = [bytes.readUInt8(3), bytes.readUInt8(4)];
  return { type, flags, stream: bytes.readUInt32BE(5) & 0x7fff_ffff, payload: bytes.subarray(9, 9 + length) };
}

/** @param length what the header says; default: the truth */
export function frameOf(
  type: number,
  flags: number,
  stream: number,
  payload: Buffer = Buffer.alloc(0),
  length?: number,
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(length ?? payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

export function settingsFrame(settings: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(6 * settings.length);
  for (const [index, [id, value]] of settings.entries()) {
    payload.writeUInt16BE(id, 6 * index);
    payload.writeUInt32BE(value, 6 * index + 2);
  }
  return frameOf(FRAME.settings, 0, 0, payload);
}

export function windowUpdate(stream: number, increment: number): Buffer {
  return frameOf(FRAME.windowUpdate, 0, stream, uint32(increment));
}

export function reset(stream: number, code = 8): Buffer {
  return frameOf(FRAME.rstStream, 0, stream, uint32(code));
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** HPACK without its tables: every name and value spelled out. */
export function headerBlock(headers: readonly (readonly [name: string, value: string])[]): Buffer {
  return Buffer.concat(headers.flatMap(([name, value]) => [Buffer.from([0]), hpackText(name), hpackText(value)]));
}

function hpackText(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  const length: number[] = [];
  if (bytes.length < 127) length.push(bytes.length);
  else {
    length.push(127);
    let rest = bytes.length - 127;
    for (; rest >= 128; rest = Math.floor(rest / 128)) length.push((rest % 128) + 128);
    length.push(rest);
  }
  return Buffer.concat([Buffer.from(length), bytes]);
}

/** The headers of a gRPC call, and more. */
export function callHeaders(path: string, more: readonly (readonly [string, string])[] = []): Buffer {
  return headerBlock([
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', path],
    [':authority', 'x'],
    ['content-type', 'application/grpc'],
    ['te', 'trailers'],
    ...more,
  ]);
}

/** HEADERS that open a call; its messages are to follow. */
export function openCall(stream: number, path: string, more: readonly (readonly [string, string])[] = []): Buffer {
  return frameOf(FRAME.headers, FLAG.endHeaders, stream, callHeaders(path, more));
}

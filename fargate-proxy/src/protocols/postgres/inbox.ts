// Reads a stream by exact amounts while a login is under way: bounded, and nothing is lost when the stream is handed on.
import type { Duplex } from "node:stream";

/** The peer is gone, or was cut off. */
export class PeerGone extends Error {}

export class Inbox {
  readonly #stream: Duplex;
  #chunks: Buffer[] = [];
  #length = 0;
  #closed = false;
  #wake: (() => void) | null = null;
  readonly #onData = (chunk: Buffer) => {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    // One chunk at a time: a peer that sends without being asked waits in its own buffers.
    this.#stream.pause();
    this.#wake?.();
  };
  readonly #onEnd = () => {
    this.#closed = true;
    this.#wake?.();
  };

  constructor(stream: Duplex) {
    this.#stream = stream;
    this.#closed = stream.destroyed || stream.readableEnded;
    stream.on("data", this.#onData).on("end", this.#onEnd).on("close", this.#onEnd);
    stream.pause();
  }

  /** Bytes that are here already. */
  get buffered(): number {
    return this.#length;
  }

  /** True once the peer has closed its side, whatever is still buffered. */
  get closed(): boolean {
    return this.#closed;
  }

  /** The next `size` bytes. @throws PeerGone when they never come */
  async take(size: number): Promise<Buffer> {
    await this.#wait(size);
    const all = this.#joined();
    const taken = all.subarray(0, size);
    const rest = all.subarray(size);
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.#length = rest.length;
    return taken;
  }

  /** The first byte, left where it is. @throws PeerGone */
  async peek(): Promise<number> {
    await this.#wait(1);
    return this.#joined()[0] as number;
  }

  /** Stops reading and hands back what was read and not taken. */
  release(): Buffer {
    this.#stream.off("data", this.#onData).off("end", this.#onEnd).off("close", this.#onEnd);
    this.#stream.pause();
    const rest = this.#joined();
    this.#chunks = [];
    this.#length = 0;
    return rest;
  }

  /** Lets go while the peer is silent, so that its leaving is noticed: bytes that come meanwhile are kept. */
  watch(): void {
    if (this.#length === 0) this.#stream.resume();
  }

  async #wait(size: number): Promise<void> {
    while (this.#length < size) {
      if (this.#closed) throw new PeerGone();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        this.#stream.resume();
      });
      this.#wake = null;
    }
  }

  #joined(): Buffer {
    const all = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks);
    this.#chunks = all.length > 0 ? [all] : [];
    return all;
  }
}

/** A message of the login: its type byte and its body, and the whole of it. */
export interface LoginMessage {
  readonly type: string;
  readonly body: Buffer;
  readonly whole: Buffer;
}

/**
 * The next typed message; null when it is not of the type that is due, longer than `longest`, or impossible: the stream cannot be read
 * on then.
 * @param due a type, or null for any
 * @throws PeerGone
 */
export async function readMessage(inbox: Inbox, due: string | null, longest: number): Promise<LoginMessage | null> {
  const header = await inbox.take(5);
  const type = String.fromCharCode(header[0] as number);
  const length = header.readUInt32BE(1);
  if ((due !== null && type !== due) || length < 4 || length > longest) return null;
  const body = await inbox.take(length - 4);
  return { type, body, whole: Buffer.concat([header, body]) };
}

// A client that speaks the PostgreSQL protocol by hand: it sends any bytes, in any order, and reads what comes back.
import { connect as connectTcp, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls, type TLSSocket } from "node:tls";

export interface Message {
  readonly type: string;
  readonly body: Buffer;
}

export class WireClient {
  stream: Duplex;
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  #closed = false;
  #wake: () => void = () => {};
  readonly #onData = (chunk: Buffer) => {
    this.#received = Buffer.concat([this.#received, chunk]);
    this.#wake();
  };
  readonly #onClose = () => {
    this.#closed = true;
    this.#wake();
  };

  constructor(socket: Socket) {
    this.#socket = socket;
    this.stream = socket;
    this.#listen(socket);
  }

  static async connect(port: number): Promise<WireClient> {
    const socket = connectTcp({ port, host: "127.0.0.1", noDelay: true });
    await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    return new WireClient(socket);
  }

  /** Direct TLS: the handshake comes first. */
  static async connectDirect(port: number, ca: string, alpn: string[]): Promise<WireClient> {
    const client = await WireClient.connect(port);
    await client.secure(ca, alpn);
    return client;
  }

  #listen(stream: Duplex): void {
    stream.on("data", this.#onData).on("close", this.#onClose).on("end", this.#onClose).on("error", this.#onClose);
  }

  send(bytes: Buffer | string): void {
    this.stream.write(bytes);
  }

  /** Sends byte by byte, each in a packet of its own. */
  async drip(bytes: Buffer): Promise<void> {
    for (const byte of bytes) {
      this.stream.write(Buffer.from([byte]));
      await new Promise(setImmediate);
    }
  }

  /** The next `size` bytes; fewer when the peer closes before. */
  async take(size: number): Promise<Buffer> {
    while (this.#received.length < size && !this.#closed)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    const taken = this.#received.subarray(0, size);
    this.#received = this.#received.subarray(size);
    return taken;
  }

  /** The next message; null when the peer has closed. */
  async message(): Promise<Message | null> {
    const header = await this.take(5);
    if (header.length < 5) return null;
    const body = await this.take(header.readUInt32BE(1) - 4);
    return { type: String.fromCharCode(header[0] as number), body };
  }

  /** Messages up to one of this type, or to the end. */
  async until(type: string): Promise<Message[]> {
    const messages: Message[] = [];
    for (;;) {
      const message = await this.message();
      if (message === null) return messages;
      messages.push(message);
      if (message.type === type) return messages;
    }
  }

  /** Resolves when the peer has closed; with what it sent before. */
  async rest(): Promise<Buffer> {
    return this.take(Number.MAX_SAFE_INTEGER);
  }

  async requestTls(ca: string): Promise<void> {
    this.send(request(80877103));
    const answer = (await this.take(1)).toString();
    if (answer !== "S") throw new Error(`asked for TLS, got ${answer}`);
    await this.secure(ca, []);
  }

  async secure(ca: string, alpn: string[]): Promise<void> {
    this.#socket.removeListener("data", this.#onData);
    const tls: TLSSocket = connectTls({
      socket: this.#socket,
      ca,
      servername: "localhost",
      ...(alpn.length > 0 ? { ALPNProtocols: alpn } : {}),
    });
    await new Promise<void>((resolve, reject) => tls.once("secureConnect", resolve).once("error", reject));
    this.stream = tls;
    this.#listen(tls);
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** SSLRequest, GSSENCRequest: a length and a code. */
export function request(code: number, ...rest: Buffer[]): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + rest.reduce((sum, part) => sum + part.length, 0), 0);
  head.writeUInt32BE(code, 4);
  return Buffer.concat([head, ...rest]);
}

export function startup(parameters: Readonly<Record<string, string>>, minor = 0, major = 3): Buffer {
  const pairs = Object.entries(parameters).map(([name, value]) => `${name}\0${value}\0`);
  return request(major * 65_536 + minor, Buffer.from(`${pairs.join("")}\0`));
}

export function typed(type: string, ...parts: (Buffer | string)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part as string)));
  const head = Buffer.alloc(5);
  head.write(type, "latin1");
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

export function password(token: string): Buffer {
  return typed("p", `${token}\0`);
}

export function saslInitial(mechanism: string, data: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(Buffer.byteLength(data));
  return typed("p", `${mechanism}\0`, length, data);
}

/** An ErrorResponse's fields by their letter. */
export function errorFields(message: Message | null | undefined): Record<string, string> {
  if (message?.type !== "E") throw new Error(`no ErrorResponse, but ${message?.type ?? "the end"}`);
  const fields = message.body.toString().split("\0");
  return Object.fromEntries(fields.filter((f) => f !== "").map((f) => [f[0] as string, f.slice(1)]));
}

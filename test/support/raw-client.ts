// A client that says exactly what a test wants: pg logs in, and then hands over its connection.
import type { Socket } from "node:net";
import pg from "pg";

export interface RawMessage {
  readonly type: string;
  readonly body: Buffer;
}

export class RawClient {
  readonly socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #wake: () => void = () => {};
  closed = false;
  /** Transaction status of the last ReadyForQuery: I, T or E. */
  status = "I";

  private constructor(socket: Socket) {
    this.socket = socket;
    for (const event of ["data", "end", "close", "error"]) socket.removeAllListeners(event);
    socket.on("data", (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      this.closed = true;
      this.#wake();
    });
  }

  static async connect(port: number, user: string, password: string): Promise<RawClient> {
    const client = new pg.Client({ host: "127.0.0.1", port, user, password, database: "postgres" });
    await client.connect();
    return RawClient.from(client);
  }

  /** Takes over the connection of a client that has logged in. */
  static from(client: pg.Client): RawClient {
    client.on("error", () => {});
    return new RawClient((client as unknown as { connection: { stream: Socket } }).connection.stream);
  }

  send(...bytes: readonly Buffer[]): void {
    for (const part of bytes) this.socket.write(part);
  }

  /** All messages up to the first for which `last` holds, or up to the end of the connection. */
  async read(last: (message: RawMessage) => boolean): Promise<RawMessage[]> {
    const messages: RawMessage[] = [];
    for (;;) {
      while (this.#received.length >= 5 && this.#received.length > this.#received.readUInt32BE(1)) {
        const end = 1 + this.#received.readUInt32BE(1);
        const message = {
          type: String.fromCharCode(this.#received[0] as number),
          body: this.#received.subarray(5, end),
        };
        this.#received = this.#received.subarray(end);
        messages.push(message);
        if (message.type === "Z") this.status = message.body.toString("latin1");
        if (last(message)) return messages;
      }
      if (this.closed) return messages;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Up to the `count`-th ReadyForQuery. */
  ready(count = 1): Promise<RawMessage[]> {
    let seen = 0;
    return this.read(({ type }) => type === "Z" && ++seen === count);
  }

  close(): void {
    this.socket.destroy();
  }
}

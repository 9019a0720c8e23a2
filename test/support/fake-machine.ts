// A machine between a client and a server that the test plays by hand.
import { serialize } from "pg-protocol";
import type { Permit } from "#proxy/gate/permit.ts";
import type { Outside } from "#proxy/protocols/postgres/core.ts";
import { Machine } from "#proxy/protocols/postgres/machine.ts";
import type { Refusal } from "#shared/errors.ts";
import { readBackend, typesOf } from "./backend.ts";
import { FakeSession } from "./fake-session.ts";

export class FakeMachine implements Outside {
  readonly withheld = 0;
  readonly session = new FakeSession();
  readonly machine: Machine;
  targetWritable = true;
  failure: Refusal | null = null;
  finished = false;
  #toTarget: Buffer[] = [];
  #unread: Buffer[] = [];

  constructor(parameters: ReadonlyMap<string, string> = new Map([["search_path", "public"]])) {
    let micros = 0;
    const clock = { now: () => 0, micros: () => ++micros };
    this.machine = new Machine(
      { session: this.session, clock, searchPath: ["public"], parameters, pid: 7, sideName: "postern " },
      this,
    );
  }

  /** The client sends messages; resolves when all that needs no server has happened. */
  async client(...messages: readonly Buffer[]): Promise<void> {
    this.#unread.push(Buffer.concat(messages));
    await this.settled();
  }

  async server(...messages: readonly Buffer[]): Promise<void> {
    this.machine.target(Buffer.concat(messages));
    await this.settled();
  }

  async settled(): Promise<void> {
    for (let i = 0; i < 4; i++) {
      while (this.#unread.length > 0 && this.machine.wantsClient) this.machine.client(this.#unread.shift() as Buffer);
      this.machine.proceed();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** What went to the server since the last call: raw, and as message types. */
  sentBytes(): Buffer {
    return Buffer.concat(this.#toTarget.splice(0));
  }

  sent(): string {
    return typesOf(this.sentBytes());
  }

  /** What the client was sent since the last call. */
  saidBytes(): Buffer {
    return Buffer.concat(this.machine.take());
  }

  said(): Promise<string[]> {
    return readBackend(this.saidBytes());
  }

  send(permit: Permit): void {
    this.#toTarget.push(Buffer.from(permit.spend()));
  }

  fail(refusal: Refusal): void {
    this.failure = refusal;
  }

  finish(): void {
    this.finished = true;
  }

  soon(): void {
    queueMicrotask(() => this.machine.proceed());
  }
}

export const frontend = {
  query: serialize.query,
  parse: (name: string, text: string) => serialize.parse({ name, text }),
  bind: (portal = "", statement = "", values: unknown[] = [], binary = false) =>
    serialize.bind({ portal, statement, values, binary }),
  describe: (type: "S" | "P", name = "") => serialize.describe({ type, name }),
  execute: (portal = "", rows = 0) => serialize.execute({ portal, rows }),
  close: (type: "S" | "P", name = "") => serialize.close({ type, name }),
  sync: serialize.sync(),
  flush: serialize.flush(),
  terminate: serialize.end(),
  copyData: (text: string) => serialize.copyData(Buffer.from(text)),
  copyDone: serialize.copyDone(),
  copyFail: serialize.copyFail,
  /** Parse, Bind, Describe, Execute of the unnamed statement, as libpq sends them; without Sync. */
  run: (text: string) =>
    Buffer.concat([
      serialize.parse({ text }),
      serialize.bind({}),
      serialize.describe({ type: "P", name: "" }),
      serialize.execute({}),
    ]),
};

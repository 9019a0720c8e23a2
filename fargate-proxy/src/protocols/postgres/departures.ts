// What leaves for the client, in order: at once, or when the evidence says whose records it shows.
import type { Duplex } from "node:stream";
import type { Session } from "../../protocol.ts";

/** Bytes that may wait for evidence before the target has to. */
const MOST_WITHHELD = 1024 * 1024;

/** What one turn of the machine made. */
interface Turn {
  readonly buffers: readonly Buffer[];
  /** It ends within a message. */
  readonly midMessage: boolean;
}

export interface Departing {
  /** What there is to send. */
  take(): readonly Buffer[];
  readonly midMessage: boolean;
}

export class Departures {
  readonly #client: Duplex;
  readonly #session: Session;
  readonly #from: Departing;
  readonly #moved: () => void;
  readonly #failed: () => void;
  #withheld: Turn[] = [];
  /** Bytes that wait. */
  bytes = 0;
  #waits = false;
  #closed = false;
  /** The client has been sent part of a message. */
  midMessage = false;

  /** @param moved what waited has left @param failed the evidence cannot be written: what waited never leaves */
  constructor(client: Duplex, session: Session, from: Departing, moved: () => void, failed: () => void) {
    this.#client = client;
    this.#session = session;
    this.#from = from;
    this.#moved = moved;
    this.#failed = failed;
  }

  /** Takes what there is. */
  write(): void {
    const buffers = this.#from.take();
    if (buffers.length === 0 || this.#closed) return;
    const turn = { buffers, midMessage: this.#from.midMessage };
    const durable = this.#waits ? null : this.#session.disclosing();
    if (!this.#waits && durable === null) {
      this.#send(turn);
      return;
    }
    this.#withheld.push(turn);
    for (const { length } of buffers) this.bytes += length;
    if (this.full) this.#session.hurry();
    if (durable !== null) this.#wait(durable);
  }

  /** Something waits, and cannot leave yet. */
  get waits(): boolean {
    return this.#waits;
  }

  /** So much waits that no more should be made. */
  get full(): boolean {
    return this.bytes > MOST_WITHHELD;
  }

  /** What waits stays here. */
  close(): void {
    this.#closed = true;
    this.#withheld = [];
  }

  #wait(durable: Promise<void>): void {
    this.#waits = true;
    const turns = this.#withheld.length;
    durable.then(
      () => this.#release(turns),
      () => {
        if (!this.#closed) this.#failed();
      },
    );
  }

  #release(turns: number): void {
    if (this.#closed) return;
    this.#waits = false;
    for (const turn of this.#withheld.splice(0, turns)) {
      for (const { length } of turn.buffers) this.bytes -= length;
      this.#send(turn);
    }
    // What came meanwhile has evidence of its own to wait for.
    if (this.#withheld.length > 0) this.#wait(this.#session.disclosing() ?? Promise.resolve());
    this.#moved();
  }

  #send({ buffers, midMessage }: Turn): void {
    const client = this.#client;
    this.midMessage = midMessage;
    if (buffers.length > 1) client.cork();
    for (const bytes of buffers) {
      this.#session.output(bytes);
      client.write(bytes);
    }
    if (buffers.length > 1) client.uncork();
  }
}

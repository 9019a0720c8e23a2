// A logged-in connection to a target, as the session after the login uses it.
import type { Duplex } from "node:stream";
import type { Permit } from "../../gate/permit.ts";
import { Gather } from "./coalesce.ts";
import type { UpstreamConnection } from "./link.ts";

/** Time for the last bytes to leave before the connection is cut. */
const GOODBYE_MS = 1000;

export class TargetConnection implements UpstreamConnection {
  readonly parameters: ReadonlyMap<string, string>;
  /** Process id of the target's backend. */
  readonly pid: number;
  readonly #stream: Duplex;
  readonly #gather: Gather;
  readonly #cancel: () => Promise<void>;
  #ended = false;

  /** @param stream paused; what was read of it and not used has been put back */
  constructor(
    stream: Duplex,
    login: { readonly parameters: ReadonlyMap<string, string>; readonly pid: number },
    cancel: () => Promise<void>,
  ) {
    this.parameters = login.parameters;
    this.pid = login.pid;
    this.#stream = stream;
    this.#cancel = cancel;
    this.#gather = new Gather((bytes) => void stream.write(bytes));
  }

  send(permit: Permit): void {
    this.#gather.add(permit.spend());
  }

  flush(): void {
    this.#gather.flush();
  }

  get writable(): boolean {
    return !this.#stream.writableNeedDrain;
  }

  onDrain(listener: () => void): void {
    this.#stream.on("drain", listener);
  }

  onData(listener: (chunk: Buffer) => void): void {
    this.#stream.on("data", listener);
    this.#stream.resume();
  }

  onClose(listener: () => void): void {
    if (this.#stream.closed) queueMicrotask(listener);
    else this.#stream.once("close", listener);
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    const stream = this.#stream;
    const timer = setTimeout(() => stream.destroy(), GOODBYE_MS);
    timer.unref();
    stream.once("close", () => clearTimeout(timer));
    stream.end(TERMINATE, () => stream.destroy());
  }

  cancel(): Promise<void> {
    return this.#cancel();
  }
}

const TERMINATE = Buffer.from([0x58, 0, 0, 0, 4]);

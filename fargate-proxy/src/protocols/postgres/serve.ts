// Sockets to machine and back: one write per turn and side, back-pressure both ways, and how a session ends.
import { randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";
import { Refusal } from "#shared/errors.ts";
import type { Ending, Session } from "../../protocol.ts";
import type { Outside } from "./core.ts";
import { Departures } from "./departures.ts";
import { refusalMessage } from "./errors.ts";
import type { Link, UpstreamConnection } from "./link.ts";
import { Machine } from "./machine.ts";

/** Time for the client to take the last error before the connection is cut. */
const GOODBYE_MS = 2000;

/** While a command waits for an approval, the target gets a sign of life so often. */
const NUDGE_MS = 15_000;

/** Serves one session from its first command to its end. Never rejects. */
export function serveSession(link: Link): Promise<Ending> {
  return new Promise((resolve) => new Service(link, resolve).start());
}

class Service implements Outside {
  readonly #client: Duplex;
  readonly #target: UpstreamConnection;
  readonly #session: Session;
  readonly #machine: Machine;
  readonly #departures: Departures;
  readonly #firstBytes: Buffer;
  readonly #onEnd: () => void;
  readonly #resolve: (ending: Ending) => void;
  #ending: Ending | null = null;
  #turnIsDue = false;
  #clientPaused = false;
  #targetPaused = false;
  /** The target closed while rows, or what was made of them, waited. */
  #targetGone = false;
  /** Evidence is behind: nothing is read from the target, nor COPY data from the client. */
  #evidenceBehind = false;
  #nudging: NodeJS.Timeout | null = null;

  constructor(link: Link, resolve: (ending: Ending) => void) {
    const { client, upstream, session, clock, searchPath } = link;
    this.#client = client;
    this.#target = upstream;
    this.#session = session;
    this.#firstBytes = link.firstBytes;
    this.#onEnd = link.onEnd;
    this.#resolve = resolve;
    this.#machine = new Machine(
      {
        session,
        clock,
        searchPath,
        parameters: upstream.parameters,
        pid: upstream.pid,
        sideName: `postern ${randomBytes(9).toString("base64url")} `,
      },
      this,
    );
    this.#departures = new Departures(
      client,
      session,
      this.#machine,
      () => this.#departed(),
      () => this.fail(new Refusal("evidence-unavailable")),
    );
  }

  start(): void {
    const client = this.#client;
    client.on("data", (chunk: Buffer) => this.#fromClient(chunk));
    client.on("drain", () => this.#balance());
    client.on("end", () => this.#clientEnded());
    client.on("error", () => {});
    client.on("close", () => this.#end("client gone"));
    this.#target.onData((chunk) => this.#fromTarget(chunk));
    this.#target.onDrain(() => this.#turn());
    this.#target.onClose(() => this.#targetClosed());
    this.#session.onEnd((refusal) => this.fail(refusal));
    if (this.#firstBytes.length > 0) this.#fromClient(this.#firstBytes);
    // Whoever left between the login and here is not heard leaving again.
    if (client.destroyed) this.#end("client gone");
    else if (client.readableEnded) this.#clientEnded();
    else if (!this.#clientPaused) client.resume();
  }

  #fromClient(chunk: Buffer): void {
    if (this.#ending !== null) return;
    this.#machine.client(chunk);
    this.#flush();
  }

  #fromTarget(chunk: Buffer): void {
    if (this.#ending !== null) return;
    this.#machine.target(chunk);
    this.#flush();
  }

  #targetClosed(): void {
    // What it said before goes first; what the target would still be asked about it stays open.
    this.#session.hurry();
    this.#targetGone = !this.#machine.wantsTarget || this.#departures.waits;
    if (this.#targetGone) return;
    if (this.#machine.targetSaidFatal) this.#end("target ended the session");
    else this.fail(new Refusal("target-lost"));
  }

  /** What had to wait for evidence has left. */
  #departed(): void {
    if (this.#targetGone && !this.#departures.waits) this.#targetClosed();
    this.#balance();
  }

  #clientEnded(): void {
    if (this.#ending !== null) return;
    this.#machine.clientEnded();
    this.#flush();
  }

  #turn(): void {
    this.#turnIsDue = false;
    if (this.#ending !== null) return;
    this.#machine.proceed();
    this.#flush();
    if (this.#targetGone) this.#targetClosed();
  }

  /** The end of a turn: what it made goes out on both sides. */
  #flush(): void {
    if (!this.#machine.awaitsPermit) this.#target.flush();
    this.#departures.write();
    this.#balance();
    if (this.#machine.waiting !== (this.#nudging !== null)) this.#watchOver();
  }

  /** A command began, or ceased, to wait for an approval. */
  #watchOver(): void {
    if (this.#nudging !== null) {
      clearInterval(this.#nudging);
      this.#nudging = null;
    } else if (this.#ending === null) {
      this.#nudging = setInterval(() => {
        this.#machine.nudge();
        this.#target.flush();
      }, NUDGE_MS);
      this.#nudging.unref();
    }
  }

  /** Reads from a side only while what it sends can go on. */
  #balance(): void {
    if (this.#ending !== null) return;
    const client = this.#client;
    const pauseClient = !this.#machine.wantsClient;
    if (pauseClient !== this.#clientPaused) {
      this.#clientPaused = pauseClient;
      if (pauseClient) client.pause();
      else client.resume();
    }
    if (!this.#session.writable && !this.#evidenceBehind) {
      this.#evidenceBehind = true;
      this.#session.drained().then(
        () => this.#evidenceCaughtUp(),
        () => this.fail(new Refusal("evidence-unavailable")),
      );
    }
    const pauseTarget =
      client.writableNeedDrain || this.#evidenceBehind || this.#departures.full || !this.#machine.wantsTarget;
    if (pauseTarget !== this.#targetPaused) {
      this.#targetPaused = pauseTarget;
      if (pauseTarget) this.#target.pause();
      else this.#target.resume();
    }
  }

  #evidenceCaughtUp(): void {
    this.#evidenceBehind = false;
    this.#balance();
    // COPY data of the client may have waited, too.
    this.soon();
  }

  // Outside, for the machine

  send(permit: Parameters<UpstreamConnection["send"]>[0]): void {
    this.#target.send(permit);
  }

  get withheld(): number {
    return this.#departures.bytes;
  }

  get targetWritable(): boolean {
    return this.#target.writable;
  }

  soon(): void {
    if (this.#turnIsDue) return;
    this.#turnIsDue = true;
    queueMicrotask(() => this.#turn());
  }

  fail(refusal: Refusal): void {
    if (this.#ending !== null) return;
    this.#target.flush();
    this.#departures.write();
    // What still waits shows records of which there is no evidence: it stays here.
    this.#departures.close();
    if (!this.#departures.midMessage) {
      const message = refusalMessage(refusal, "FATAL");
      this.#session.output(message);
      this.#client.write(message);
    }
    this.#end(refusal.code);
  }

  finish(): void {
    if (this.#ending !== null) return;
    this.#target.flush();
    this.#end("client left");
  }

  #end(ending: Ending): void {
    if (this.#ending !== null) return;
    this.#ending = ending;
    this.#departures.close();
    if (this.#nudging !== null) this.#watchOver();
    this.#machine.close();
    this.#target.end();
    const client = this.#client;
    const timer = setTimeout(() => client.destroy(), GOODBYE_MS);
    timer.unref();
    client.once("close", () => clearTimeout(timer));
    // What still comes is thrown away, so that the connection can be closed in good order.
    client.resume();
    client.end(() => client.destroy());
    this.#onEnd();
    resolveWhenClosed(this.#session, ending, this.#resolve);
  }
}

/** Apart from the service: while the evidence of many sessions waits for the store, it alone is kept in memory, no connection. */
function resolveWhenClosed(session: Session, ending: Ending, resolve: (ending: Ending) => void): void {
  const done = () => resolve(ending);
  session.close(ending).then(done, done);
}

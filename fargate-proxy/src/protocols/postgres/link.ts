// The seam between login (startup, auth, upstream) and the session after it (serve): what each side hands to the other.
import type { Duplex } from "node:stream";
import type { Permit } from "../../gate/permit.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Session } from "../../protocol.ts";

/** A logged-in connection to the target: its handshake is over, up to and including the first ReadyForQuery. */
export interface UpstreamConnection {
  /** Parameters as the target reported them during login (`search_path` among them since PostgreSQL 18). */
  readonly parameters: ReadonlyMap<string, string>;
  /** Process number of the target's backend: NotificationResponse names its sender by it. */
  readonly pid: number;
  /** Takes the permit's bytes, in order. They may stay here until `flush`, so that neighbours leave in one write. */
  send(permit: Permit): void;
  /** Writes what `send` gathered. Called at the end of each turn. */
  flush(): void;
  /** False while more is waiting to be written than should be: stop sending, `onDrain` tells when to go on. */
  readonly writable: boolean;
  onDrain(listener: () => void): void;
  /** Bytes from the target, as they come: never reused or changed afterwards. Nothing is lost before this is called. */
  onData(listener: (chunk: Buffer) => void): void;
  /** Called once, when the connection is gone, whoever ended it. */
  onClose(listener: () => void): void;
  pause(): void;
  resume(): void;
  /** Says Terminate and closes; safe to call more than once. */
  end(): void;
  /** Asks the target to cancel what runs (a CancelRequest on a connection of its own). Never rejects. */
  cancel(): Promise<void>;
}

/** Everything `serveSession` needs. The client has been sent AuthenticationOk ... ReadyForQuery already. */
export interface Link {
  /** `net.Socket` or `tls.TLSSocket`; no `data` listener on it any more, paused or not. */
  readonly client: Duplex;
  readonly upstream: UpstreamConnection;
  readonly session: Session;
  readonly clock: Clock;
  /** The search_path of a new session, from the catalog snapshot; the target's own report takes precedence. */
  readonly searchPath: readonly string[];
  /** What the client sent after its last login message; empty as a rule. */
  readonly firstBytes: Buffer;
  /** Called when the connections end, before the evidence is stored. */
  readonly onEnd: () => void;
}

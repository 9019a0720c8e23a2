// The PostgreSQL protocol as a whole over a fake gate: real sockets, a real target, no policy and no evidence.
import { randomBytes } from "node:crypto";
import { dialer, type Listener, listen } from "#proxy/adapters/socket.ts";
import type { Ending, Gate } from "#proxy/protocol.ts";
import { CancelKeys } from "#proxy/protocols/postgres/cancel.ts";
import { createPostgres } from "#proxy/protocols/postgres/postgres.ts";
import { FakeSession } from "./fake-session.ts";
import type { TestPostgres } from "./postgres.ts";

export interface FakeGateway {
  readonly port: number;
  readonly sessions: FakeSession[];
  readonly endings: Ending[];
  stop(): void;
}

/** @param prepare turns the knobs of each new session */
export async function fakeGateway(
  target: Pick<TestPostgres, "host" | "port" | "user" | "database">,
  prepare: (session: FakeSession) => void = () => {},
): Promise<FakeGateway> {
  const sessions: FakeSession[] = [];
  const endings: Ending[] = [];
  const gate: Gate = {
    async admit() {
      const { host, port, user, database } = target;
      const session = new FakeSession({ host, port, user, database });
      prepare(session);
      sessions.push(session);
      return session;
    },
    turnAway: () => Promise.resolve(),
  };
  const log = { info() {}, warn() {}, error() {} };
  const protocol = createPostgres({
    tls: null,
    allowPlaintextLoopback: true,
    dialer,
    authorities: new Map(),
    connectMs: 5000,
    authentication: "password",
    oauth: { configuration: "", scope: "" },
    cancelKeys: new CancelKeys(randomBytes),
    loginMs: 10_000,
    log,
    onCancel() {},
    onDiscovery() {},
    clock: { now: Date.now, micros: () => Math.round(performance.now() * 1000) },
    searchPath: () => ["public"],
    pending: 100,
    onCrowded() {},
  });
  const listener: Listener = await listen("127.0.0.1", 0, (accepted) => {
    void protocol.serve(accepted, gate).then((ending) => endings.push(ending));
  });
  return { port: listener.port, sessions, endings, stop: () => listener.stop() };
}

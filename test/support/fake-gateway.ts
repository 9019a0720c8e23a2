// The PostgreSQL protocol as a whole over a fake gate: real sockets, a real target, no policy and no evidence.
import { type Listener, listen } from "#proxy/adapters/socket.ts";
import type { Ending, Gate } from "#proxy/protocol.ts";
import { FakeSession } from "./fake-session.ts";
import { plainPostgres } from "./plain-postgres.ts";
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
  const protocol = plainPostgres();
  const listener: Listener = await listen("127.0.0.1", 0, (accepted) => {
    void protocol.serve(accepted, gate).then((ending) => endings.push(ending));
  });
  return { port: listener.port, sessions, endings, stop: () => listener.stop() };
}

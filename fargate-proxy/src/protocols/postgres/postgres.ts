// PostgreSQL as a protocol of the gateway: login, then the session.
import type { Clock } from "../../ports/clock.ts";
import type { Accepted } from "../../ports/network.ts";
import type { Protocol } from "../../protocol.ts";
import { type LoginParts, logIn, PROTOCOL } from "./login.ts";
import { serveSession } from "./serve.ts";

export interface PostgresParts extends LoginParts {
  readonly clock: Clock;
  /** search_path of a new session at a target, from its catalog snapshot. */
  searchPath(target: string): readonly string[];
  /** Connections that have not logged in yet, at most. */
  readonly pending: number;
  /** Called when a connection finds no room. */
  onCrowded(): void;
}

export function createPostgres(parts: PostgresParts): Protocol {
  let pending = 0;
  return {
    name: PROTOCOL,
    async serve(connection, gate) {
      const accepted = connection as Accepted;
      // Nothing is known of it, so nothing is said: a flood costs no more than this.
      if (pending >= parts.pending) {
        parts.onCrowded();
        accepted.stream.destroy();
        return "crowded";
      }
      pending++;
      const login = await logIn(accepted, gate, parts).finally(() => pending--);
      if (typeof login === "string") return login;
      const { cancelKey, ...link } = login;
      const searchPath = parts.searchPath(link.session.target.name);
      return serveSession({ ...link, clock: parts.clock, searchPath, onEnd: () => cancelKey.release() });
    },
  };
}

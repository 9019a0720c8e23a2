// Who has been offboarded, as a table says that is looked at all the time.
import type { Principal } from "#shared/identity.ts";
import type { Revocations } from "./identity.ts";

export interface Revocation {
  /** The identity's name. */
  readonly name: string;
  /** Who entered it. */
  readonly by: string;
  readonly reason: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** What the table is asked. */
export interface RevocationReader {
  all(): Promise<readonly Revocation[]> | readonly Revocation[];
  close(): void;
}

export interface RunningRevocations extends Revocations {
  /** Calls back with what was entered since this process began to look. */
  onEntered(listener: (revocation: Revocation) => void): void;
  close(): void;
}

/** Beyond this, what was read last says nothing any more. */
const STALE_MS = 10_000;

/** @param now milliseconds since the epoch. @throws when the table cannot be read at the start */
export async function watchRevocations(
  table: RevocationReader,
  now: () => number,
  everyMs = 1000,
): Promise<RunningRevocations> {
  const listeners = new Set<() => void>();
  const entered = new Set<(revocation: Revocation) => void>();
  let readAt = now();
  let known = byName(await table.all());
  let looking = false;

  const look = async () => {
    if (looking) return;
    looking = true;
    try {
      // What is entered while the answer is on its way is not in it.
      const asked = now();
      const current = byName(await table.all());
      readAt = asked;
      const added = [...current.values()].filter((r) => known.get(r.name)?.at !== r.at);
      known = current;
      for (const revocation of added) for (const listener of entered) listener(revocation);
      if (added.length > 0) for (const listener of listeners) listener();
    } catch {
      // Not read: `available` turns false when it lasts.
    } finally {
      looking = false;
    }
  };
  const timer = setInterval(look, everyMs);
  timer.unref();

  return {
    // Whoever acts for somebody goes when they go.
    isRevoked: (principal: Principal) =>
      known.has(principal.name) || (principal.actsFor !== undefined && known.has(principal.actsFor)),
    get available() {
      return now() - readAt < STALE_MS;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onEntered: (listener) => void entered.add(listener),
    close() {
      clearInterval(timer);
      table.close();
    },
  };
}

function byName(revocations: readonly Revocation[]): Map<string, Revocation> {
  return new Map(revocations.map((revocation) => [revocation.name, revocation]));
}

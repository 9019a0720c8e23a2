// Cancel keys of the gateway's own (PostgreSQL documentation, 54.2.8): the target's never leaves it.
import { timingSafeEqual } from "node:crypto";

/** What the client is given as BackendKeyData. */
export interface CancelKey {
  readonly pid: number;
  readonly key: Buffer;
  /** Forgets the key: the session is over. */
  release(): void;
}

interface Entry {
  readonly key: Buffer;
  readonly cancel: () => Promise<void>;
  asked: boolean;
}

export class CancelKeys {
  readonly #byPid = new Map<number, Set<Entry>>();
  readonly #random: (size: number) => Buffer;

  constructor(random: (size: number) => Buffer) {
    this.#random = random;
  }

  /**
   * @param pid process id of the target's own backend, so that `pg_backend_pid()` and notifications agree with what the client was told;
   *   it is no secret, and two targets may use the same
   * @param minor of the client's protocol: since 3.2 keys may be longer than 4 bytes
   */
  issue(pid: number, minor: number, cancel: () => Promise<void>): CancelKey {
    const entry: Entry = { key: this.#random(minor >= 2 ? 32 : 4), cancel, asked: false };
    const same = this.#byPid.get(pid) ?? new Set();
    this.#byPid.set(pid, same.add(entry));
    return {
      pid,
      key: entry.key,
      release: () => {
        same.delete(entry);
        if (same.size === 0 && this.#byPid.get(pid) === same) this.#byPid.delete(pid);
      },
    };
  }

  /** Cancels what the session with this key runs. Resolves to false when there is none: nobody is told. */
  async request(pid: number, key: Buffer): Promise<boolean> {
    for (const entry of this.#byPid.get(pid) ?? []) {
      if (entry.key.length !== key.length || !timingSafeEqual(entry.key, key)) continue;
      // One connection to the target at a time, however often the client asks.
      if (entry.asked) return true;
      entry.asked = true;
      await entry.cancel();
      entry.asked = false;
      return true;
    }
    return false;
  }
}

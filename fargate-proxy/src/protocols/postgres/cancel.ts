// Cancel keys of the gateway's own (PostgreSQL documentation, 54.2.8): the target's never leaves it.
// With several gateways the first byte of a key is the number of the one that gave it, veiled: a client, or whoever guesses, sees 4 or 32 random bytes,
// and has to guess all of them.
import { timingSafeEqual } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { CancelRoutes } from "../../ports/fleet.ts";

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

/** What became of a request: a session of this gateway has the key, another gateway was told, or neither. */
export type CancelOutcome = "sent" | "forwarded" | "unknown";

const SHORT = 4;
const LONG = 32;
/** With several gateways what is not for this one takes so long, in milliseconds, whether or not another was told. */
const LEAST_MS = 100;

export class CancelKeys {
  readonly #byPid = new Map<number, Set<Entry>>();
  readonly #random: (size: number) => Buffer;
  readonly #routes: CancelRoutes | undefined;

  /** @param routes to other gateways; left out where there are none */
  constructor(random: (size: number) => Buffer, routes?: CancelRoutes) {
    this.#random = random;
    this.#routes = routes;
  }

  /**
   * @param pid process id of the target's own backend, so that `pg_backend_pid()` and notifications agree with what the client was told;
   *   it is no secret, and two targets may use the same
   * @param minor of the client's protocol: since 3.2 keys may be longer than 4 bytes
   */
  issue(pid: number, minor: number, cancel: () => Promise<void>): CancelKey {
    const key = this.#random(minor >= 2 ? LONG : SHORT);
    if (this.#routes !== undefined) key[0] = this.#routes.number ^ this.#routes.veil(veiled(pid, key));
    const entry: Entry = { key, cancel, asked: false };
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

  /** Cancels what the session with this key runs, here or at another gateway. The client is told nothing. */
  async request(pid: number, key: Buffer): Promise<CancelOutcome> {
    if (await this.#here(pid, key)) return "sent";
    const routes = this.#routes;
    if (routes === undefined) return "unknown";
    const known = key.length === SHORT || key.length === LONG;
    const number = known ? (key[0] as number) ^ routes.veil(veiled(pid, key)) : routes.number;
    const told = number === routes.number ? null : routes.forward(number, requestOf(pid, key));
    await Promise.all([told, pause(LEAST_MS)]);
    return told === null ? "unknown" : "forwarded";
  }

  /** A request that another gateway handed on. It goes no further from here. */
  async handed(request: Uint8Array): Promise<CancelOutcome> {
    if (request.length !== 4 + SHORT && request.length !== 4 + LONG) return "unknown";
    const bytes = Buffer.from(request);
    return (await this.#here(bytes.readInt32BE(0), bytes.subarray(4))) ? "sent" : "unknown";
  }

  async #here(pid: number, key: Buffer): Promise<boolean> {
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

function requestOf(pid: number, key: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeInt32BE(pid);
  return Buffer.concat([head, key]);
}

/** What the veil of a key's first byte is made from. */
function veiled(pid: number, key: Buffer): Buffer {
  return requestOf(pid, key.subarray(1));
}

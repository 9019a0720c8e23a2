// The sessions that are live in this process: limits when they come, and the ways in which they end from outside.
import { type ErrorCode, Refusal } from "#shared/errors.ts";
import type { Principal } from "#shared/identity.ts";
import type { Target } from "#shared/target.ts";

/** What the registry needs of a session. */
export interface Live {
  readonly id: string;
  readonly principal: Principal;
  readonly target: Target;
  /** Milliseconds since the epoch. */
  readonly openedAt: number;
  /** When the session last did something; a command that runs counts as doing something. */
  readonly lastActive: number;
  readonly busy: boolean;
  end(refusal: Refusal): void;
}

export class Registry {
  readonly #live = new Map<string, Live>();
  readonly #byPrincipal = new Map<string, number>();
  readonly #byTarget = new Map<string, number>();
  readonly #onRemoved = new Map<string, () => void>();
  readonly #limit: number;
  #empty: (() => void)[] = [];
  draining = false;

  /** @param limit sessions of all principals and targets together */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#live.size;
  }

  /** Asks for room for one more session; checked again by `add`, since a login takes time. */
  room(principal: Principal, target: Target): Refusal | undefined {
    if (this.draining) return new Refusal("shutting-down");
    if (this.#live.size >= this.#limit) return full(`The gateway's limit is ${this.#limit}.`);
    if ((this.#byTarget.get(target.name) ?? 0) >= target.limits.connections) return fullFor("target", target);
    if ((this.#byPrincipal.get(key(principal, target)) ?? 0) >= target.limits.connectionsPerPrincipal)
      return fullFor("principal", target);
    return undefined;
  }

  /** @param onRemoved called once, when the session is no longer live */
  add(session: Live, onRemoved?: () => void): void {
    this.#live.set(session.id, session);
    if (onRemoved !== undefined) this.#onRemoved.set(session.id, onRemoved);
    bump(this.#byPrincipal, key(session.principal, session.target), 1);
    bump(this.#byTarget, session.target.name, 1);
  }

  remove(session: Live): void {
    if (!this.#live.delete(session.id)) return;
    bump(this.#byPrincipal, key(session.principal, session.target), -1);
    bump(this.#byTarget, session.target.name, -1);
    this.#onRemoved.get(session.id)?.();
    this.#onRemoved.delete(session.id);
    if (this.#live.size > 0) return;
    for (const resolve of this.#empty.splice(0)) resolve();
  }

  /** Ends every session of a revoked identity. */
  endWhere(isOver: (session: Live) => boolean, code: ErrorCode): void {
    for (const session of [...this.#live.values()]) if (isOver(session)) session.end(new Refusal(code));
  }

  /** Ends sessions that are past their idle or absolute time. Called about once a second. */
  tick(now: number): void {
    this.endWhere((s) => now - s.openedAt > s.target.limits.absoluteSeconds * 1000, "session-expired");
    this.endWhere((s) => !s.busy && now - s.lastActive > s.target.limits.idleSeconds * 1000, "idle-timeout");
  }

  /** Resolves when no session is left. */
  whenEmpty(): Promise<void> {
    if (this.#live.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#empty.push(resolve));
  }
}

/** @param what is full: the target, or this identity's part of it */
export function fullFor(what: "target" | "principal", { name, limits }: Target): Refusal {
  if (what === "target") return full(`The limit for ${name} is ${limits.connections}.`);
  return full(`The limit for one identity at ${name} is ${limits.connectionsPerPrincipal}.`);
}

function full(detail: string): Refusal {
  return new Refusal("too-many-connections", { detail });
}

function key(principal: Principal, target: Target): string {
  return `${target.name}\n${principal.name}`;
}

function bump(counts: Map<string, number>, name: string, by: number): void {
  const next = (counts.get(name) ?? 0) + by;
  if (next > 0) counts.set(name, next);
  else counts.delete(name);
}

// This gateway among others: its number, where it is reached, the places that its sessions take, and requests that are handed on.
import type { CancelRoutes, Place, PlaceLimits, PlacesPort } from "../ports/fleet.ts";
import { type FleetListener, listenToFleet, tellGateway } from "./fleet-channel.ts";
import type { FleetAddress, FleetMember, FleetTable } from "./fleet-table.ts";
import { SharedCount } from "./shared-count.ts";

/** What a home lends to it. */
export interface FleetParts {
  readonly table: FleetTable;
  /** Keyed HMAC with the key that all gateways have. */
  readonly key: { hmac(message: Uint8Array): Uint8Array };
  readonly listen: FleetAddress;
  /** The host at which others reach this one. */
  readonly host: string;
}

export interface FleetOptions extends FleetParts {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly newId: () => string;
  /** A request that another gateway handed on. */
  readonly onRequest: (request: Buffer) => Promise<void>;
  /** In words without data. */
  readonly onProblem: (problem: string) => void;
  readonly timing?: Partial<typeof TIMING>;
}

export interface Fleet extends PlacesPort, CancelRoutes {
  /** Gives back what it has, and its number. */
  close(): Promise<void>;
}

const TIMING = {
  /** A gateway that has not been heard of for so long is taken for dead, and lets nobody in itself. */
  leaseMs: 15_000,
  renewMs: 3000,
  /** Those who are dead are taken out of the counts so often; sooner when somebody finds no place. */
  sweepMs: 30_000,
  soonMs: 2000,
};
/** Requests that are handed on: anybody can send one, without a login. */
const AT_ONCE = 16;
const A_SECOND = 50;

/** @throws when the table cannot be used, no number is free, or the address cannot be listened on */
export async function openFleet(options: FleetOptions): Promise<Fleet> {
  const channel = Buffer.from(options.key.hmac(Buffer.from("postern fleet channel")));
  const listener = await listenToFleet(options.listen, channel, options.onRequest);
  try {
    const fleet = new RunningFleet(options, channel, listener);
    await fleet.enter();
    return fleet;
  } catch (error) {
    listener.close();
    throw error;
  }
}

class RunningFleet implements Fleet {
  readonly #options: FleetOptions;
  readonly #timing: typeof TIMING;
  readonly #channel: Buffer;
  readonly #listener: FleetListener;
  readonly #counts = new Map<string, SharedCount>();
  readonly #timer: NodeJS.Timeout;
  #me: FleetMember | null = null;
  #sweptAt: number;
  #sweeping: Promise<void> | null = null;
  #renewing = false;
  #underway = 0;
  #window = { second: 0, count: 0 };

  constructor(options: FleetOptions, channel: Buffer, listener: FleetListener) {
    this.#options = options;
    this.#timing = { ...TIMING, ...options.timing };
    this.#channel = channel;
    this.#listener = listener;
    this.#sweptAt = options.now();
    this.#timer = setInterval(() => void this.#tend(), this.#timing.renewMs);
    this.#timer.unref();
  }

  get available(): boolean {
    return this.#me !== null && this.#options.now() < this.#me.until;
  }

  get number(): number {
    return this.#me?.number ?? 0;
  }

  veil(bytes: Uint8Array): number {
    return this.#options.key.hmac(Buffer.concat([Buffer.from("postern cancel key\n"), bytes]))[0] as number;
  }

  async take(place: Place, limits: PlaceLimits): Promise<keyof PlaceLimits | null> {
    const full = await this.#take(place, limits);
    if (full === null || !(await this.#sweepSoon())) return full;
    return this.#take(place, limits);
  }

  free({ target, principal }: Place): void {
    void this.#count(ofTarget(target)).less();
    void this.#count(ofPrincipal(target, principal)).less();
  }

  async forward(number: number, request: Uint8Array): Promise<void> {
    const second = Math.floor(this.#options.now() / 1000);
    if (this.#window.second !== second) this.#window = { second, count: 0 };
    if (this.#underway >= AT_ONCE || this.#window.count >= A_SECOND) return;
    this.#window.count++;
    this.#underway++;
    try {
      const member = await this.#options.table.find(number);
      if (member !== null && member.until > this.#options.now()) await tellGateway(member, this.#channel, request);
    } catch {
      // Nobody is told what became of a request to cancel.
    } finally {
      this.#underway--;
    }
  }

  /** Enters the table, as somebody new: what an earlier self had taken is nobody's any more. */
  async enter(): Promise<void> {
    const { table, now, newId, host } = this.#options;
    const at = now();
    const before = this.#me;
    const me = { id: newId(), host, port: this.#listener.port, until: at + this.#timing.leaseMs };
    const number = await table.enter(me, at, before);
    this.#me = { ...me, number };
    for (const count of this.#counts.values()) count.startOver(me.id);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#listener.close();
    await Promise.all([...this.#counts.values()].map((count) => count.settled()));
    if (this.#me !== null) await this.#options.table.leave(this.#me).catch(() => {});
    this.#options.table.close();
  }

  async #take({ target, principal }: Place, limits: PlaceLimits): Promise<keyof PlaceLimits | null> {
    if (!this.available) throw new Error("this gateway has lost touch with the others");
    const ofAll = this.#count(ofTarget(target));
    if (!(await ofAll.more(limits.target))) return "target";
    try {
      if (await this.#count(ofPrincipal(target, principal)).more(limits.principal)) return null;
    } catch (error) {
      void ofAll.less();
      throw error;
    }
    void ofAll.less();
    return "principal";
  }

  #count(key: string): SharedCount {
    const known = this.#counts.get(key);
    if (known !== undefined) return known;
    const count = new SharedCount(this.#options.table, key, this.#me?.id ?? "", () => this.#counts.delete(key));
    this.#counts.set(key, count);
    return count;
  }

  /** Says that it lives, writes what could not be written, and takes the dead out now and then. */
  async #tend(): Promise<void> {
    if (this.#renewing || this.#me === null) return;
    this.#renewing = true;
    const { table, now, onProblem } = this.#options;
    try {
      const at = now();
      const renewed = { ...this.#me, until: at + this.#timing.leaseMs };
      if (await table.renew(renewed, at)) this.#me = renewed;
      else await this.enter();
      for (const count of this.#counts.values()) void count.write();
      if (at - this.#sweptAt >= this.#timing.sweepMs) await this.#sweep();
    } catch (error) {
      onProblem(`the table of gateways cannot be used (${error instanceof Error ? error.name : "unknown"})`);
    } finally {
      this.#renewing = false;
    }
  }

  /** @returns whether it did; not when it has just been done */
  async #sweepSoon(): Promise<boolean> {
    if (this.#sweeping === null && this.#options.now() - this.#sweptAt < this.#timing.soonMs) return false;
    await this.#sweep();
    return true;
  }

  #sweep(): Promise<void> {
    this.#sweeping ??= this.#look().finally(() => {
      this.#sweptAt = this.#options.now();
      this.#sweeping = null;
    });
    return this.#sweeping;
  }

  async #look(): Promise<void> {
    const own = await this.#options.table.sweep(this.#options.now(), this.#me?.id ?? "");
    for (const [key, part] of own) this.#count(key).seen(part);
  }
}

const ofTarget = (target: string) => `target#${target}`;
const ofPrincipal = (target: string, principal: string) => `principal#${target}#${principal}`;

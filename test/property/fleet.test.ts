// Gateways that count their sessions together: whatever fails, whoever dies, and in whichever order it happens, there are never more than the limit.
import { createHmac } from "node:crypto";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { type Fleet, openFleet } from "#proxy/adapters/fleet.ts";
import type { FleetTable } from "#proxy/adapters/fleet-table.ts";
import { LocalFleetTable } from "#proxy/adapters/local-fleet-table.ts";
import { temporaryState } from "#test/support/evidence.ts";

const state = temporaryState();
afterAll(() => state.remove());
const LIMITS = { target: 5, principal: 3 };
const PEOPLE = ["engineer", "nurse"] as const;
const DEAD_MS = 60_000;

type Trouble = "before" | "after" | null;
type Step =
  | { readonly do: "take"; readonly at: number; readonly who: number; readonly trouble: Trouble }
  | { readonly do: "free"; readonly at: number; readonly which: number; readonly trouble: Trouble }
  | { readonly do: "die"; readonly at: number };

const at = fc.nat(2);
const trouble = fc.constantFrom<Trouble>(null, null, null, "before", "after");
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("take" as const), at, who: fc.nat(1), trouble }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("free" as const), at, which: fc.nat(9), trouble }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("die" as const), at }) },
);

interface Gateway {
  fleet: Fleet;
  /** Whose sessions it has. */
  readonly sessions: string[];
  trouble: Trouble;
}

class World {
  now = 1_000_000;
  #ids = 0;
  readonly #path: string;
  readonly gateways: Gateway[] = [];

  readonly #sweepMs: number;

  /** @param sweepMs time stands still here: 0, or never */
  constructor(path: string, sweepMs = 30_000) {
    this.#path = path;
    this.#sweepMs = sweepMs;
  }

  async start(): Promise<Gateway> {
    const gateway: Gateway = { fleet: undefined as unknown as Fleet, sessions: [], trouble: null };
    gateway.fleet = await openFleet({
      table: troubled(new LocalFleetTable(this.#path), gateway),
      key: { hmac: (message) => createHmac("sha256", "key").update(message).digest() },
      listen: { host: "127.0.0.1", port: 0 },
      host: "127.0.0.1",
      now: () => this.now,
      newId: () => `m${++this.#ids}`,
      onRequest: async () => {},
      onProblem: () => {},
      timing: { leaseMs: DEAD_MS / 2, renewMs: 2, sweepMs: this.#sweepMs, soonMs: 0 },
    });
    return gateway;
  }

  get live(): readonly string[] {
    return this.gateways.flatMap(({ sessions }) => sessions);
  }

  async close(): Promise<void> {
    await Promise.all(this.gateways.map(({ fleet }) => fleet.close()));
  }
}

/** Its counting fails while the gateway is in trouble: without being carried out, or after. */
function troubled(table: LocalFleetTable, gateway: Gateway): FleetTable {
  const fails = async <T>(work: () => Promise<T>): Promise<T> => {
    const { trouble } = gateway;
    const result = trouble === "before" ? null : await work();
    if (trouble !== null) throw new Error(trouble);
    return result as T;
  };
  return {
    enter: (...given) => table.enter(...given),
    renew: (...given) => table.renew(...given),
    leave: (...given) => table.leave(...given),
    find: (...given) => table.find(...given),
    sweep: (...given) => table.sweep(...given),
    count: (...given) => fails(() => table.count(...given)),
    close: () => table.close(),
  };
}

async function run(world: World, step: Step): Promise<void> {
  const gateway = world.gateways[step.at] as Gateway;
  if (step.do === "die") {
    // Nothing is given back: it is only not heard of any more, and another comes in its place.
    await gateway.fleet.close();
    world.gateways[step.at] = await world.start();
    return;
  }
  gateway.trouble = step.trouble;
  if (step.do === "free") {
    const [who] = gateway.sessions.splice(step.which % Math.max(1, gateway.sessions.length), 1);
    if (who !== undefined) gateway.fleet.free({ target: "clinic", principal: who });
  } else {
    const principal = PEOPLE[step.who] as string;
    const taken = await gateway.fleet.take({ target: "clinic", principal }, LIMITS).catch(() => "failed");
    if (taken === null) gateway.sessions.push(principal);
  }
  gateway.trouble = null;
}

function within(live: readonly string[]): void {
  expect(live.length).toBeLessThanOrEqual(LIMITS.target);
  for (const who of PEOPLE) expect(live.filter((one) => one === who).length).toBeLessThanOrEqual(LIMITS.principal);
}

test("never are there more sessions than the limits, and every place that is free can be had", {
  timeout: 60_000,
}, async () => {
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      const world = new World(join(state.path, `${++runs}/fleet.db`));
      for (let i = 0; i < 3; i++) world.gateways.push(await world.start());
      for (const one of steps) {
        await run(world, one);
        within(world.live);
      }
      // What was left undone is written soon: then exactly what is not taken is free.
      const left = LIMITS.target - world.live.length;
      const can = PEOPLE.map((who) => LIMITS.principal - world.live.filter((one) => one === who).length);
      const most = Math.min(
        left,
        can.reduce((sum, one) => sum + one, 0),
      );
      let had = 0;
      for (let round = 0; round < 200 && had < most; round++) {
        const gateway = world.gateways[round % 3] as Gateway;
        for (const principal of PEOPLE)
          if ((await gateway.fleet.take({ target: "clinic", principal }, LIMITS)) === null) {
            gateway.sessions.push(principal);
            had++;
          }
        if (had < most) await new Promise((resolve) => setTimeout(resolve, 5));
      }
      expect(had).toBe(most);
      within(world.live);
      await world.close();
    }),
    { numRuns: 15 },
  );
});

test("all that ask at once, at three gateways, get as many places as there are", async () => {
  const world = new World(join(state.path, "at-once/fleet.db"));
  for (let i = 0; i < 3; i++) world.gateways.push(await world.start());
  const asked = Array.from({ length: 30 }, (_, i) =>
    (world.gateways[i % 3] as Gateway).fleet.take({ target: "clinic", principal: PEOPLE[i % 2] as string }, LIMITS),
  );
  expect((await Promise.all(asked)).filter((full) => full === null)).toHaveLength(LIMITS.target);
  await world.close();
});

test("a gateway that could not say that it lives lets nobody in, and counts again what it has once it can", async () => {
  const world = new World(join(state.path, "late/fleet.db"));
  const table = new LocalFleetTable(join(state.path, "late/fleet.db"));
  const [one, other] = [await world.start(), await world.start()] as const;
  const ask = ({ fleet }: Gateway) => fleet.take({ target: "clinic", principal: "engineer" }, LIMITS);
  for (let i = 0; i < LIMITS.principal; i++) expect(await ask(one)).toBe(null);
  expect(await ask(other)).toBe("principal");
  const { number } = one.fleet;
  // Time passes for all of them at once, before anybody can renew.
  world.now += DEAD_MS;
  expect(one.fleet.available).toBe(false);
  await expect(ask(one)).rejects.toThrow("lost touch");
  await expect.poll(() => one.fleet.available && other.fleet.available).toBe(true);
  expect(one.fleet.number).toBe(number);
  await expect.poll(() => ask(other).then((full) => full === null)).toBe(false);
  await table.sweep(world.now, "nobody");
  expect(await ask(other)).toBe("principal");
  one.fleet.free({ target: "clinic", principal: "engineer" });
  await expect.poll(() => ask(other)).toBe(null);
  table.close();
  await world.close();
});

test("a write that arrives long after it was given up is found out, and put right", async () => {
  const world = new World(join(state.path, "overtaken/fleet.db"), 0);
  const table = new LocalFleetTable(join(state.path, "overtaken/fleet.db"));
  const gateway = await world.start();
  const { fleet } = gateway;
  const place = { target: "clinic", principal: "engineer" };
  expect(await fleet.take(place, LIMITS)).toBe(null);
  for (const key of ["target#clinic", "principal#clinic#engineer"])
    expect(await table.count(key, "m1", { from: 1, to: 3, limit: null })).toEqual({ done: true });
  await expect
    .poll(async () => Object.fromEntries(await table.sweep(world.now, "m1")))
    .toEqual({
      "target#clinic": 1,
      "principal#clinic#engineer": 1,
    });
  fleet.free(place);
  await expect.poll(async () => (await table.sweep(world.now, "m1")).size).toBe(0);
  expect(await table.count("target#clinic", "m1", { from: 0, to: 1, limit: null })).toEqual({ done: true });
  await expect.poll(async () => (await table.sweep(world.now, "m1")).size).toBe(0);
  table.close();
  await world.close();
});

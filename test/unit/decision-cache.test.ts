import { describe, expect, test } from "vitest";
import { CachedDecisions } from "#proxy/gate/decision-cache.ts";
import type { Decision, DecisionRequest } from "#shared/decision.ts";
import { ask, factsOf, NOON, person } from "#test/support/bundles.ts";

const PERMIT: Decision = {
  outcome: "permit",
  policies: ["p"],
  why: "",
  obligations: [],
  reveal: [],
  version: "v",
  cacheSeconds: 60,
};

function counting(decision: Decision = PERMIT) {
  let calls = 0;
  const cache = new CachedDecisions({
    decide: () => {
      calls++;
      return Promise.resolve(decision);
    },
  });
  return { cache, calls: () => calls };
}

const facts = factsOf();
const ada = person("staff");

describe("a decision is used again", () => {
  test("for the same facts and asker, at once", async () => {
    const { cache, calls } = counting();
    const request = ask(ada, [facts]);
    expect(cache.lookup(request)).toBeUndefined();
    await cache.decide(request);
    expect(cache.lookup(ask(ada, [facts]))).toEqual(PERMIT);
    await cache.decide(ask(ada, [facts]));
    expect(calls()).toBe(1);
  });

  test("after a login with a fresh token of the same person", async () => {
    const { cache } = counting();
    await cache.decide(ask(ada, [facts]));
    const again = { ...ada, expiresAt: ada.expiresAt + 1, tokenId: "another" };
    expect(cache.lookup(ask(again, [facts]))).toEqual(PERMIT);
  });

  test("for connecting", async () => {
    const { cache } = counting();
    const connect: DecisionRequest = { ...ask(ada, []), question: { type: "connect" } };
    await cache.decide(connect);
    expect(cache.lookup(connect)).toEqual(PERMIT);
    expect(cache.lookup({ ...connect, target: "other" })).toBeUndefined();
  });
});

describe("a decision is not used", () => {
  const { cache } = counting();
  const kept = cache.decide(ask(ada, [facts]));

  test.each<[string, DecisionRequest]>([
    ["for facts that are equal but not the same", ask(ada, [factsOf()])],
    ["for more statements", ask(ada, [facts, factsOf()])],
    ["for other groups", ask(person("guests"), [facts])],
    ["for other authentication methods", ask({ ...ada, amr: ["mfa"] }, [facts])],
    ["for an agent of the same name", ask({ ...ada, kind: "agent" }, [facts])],
    ["for another target", ask(ada, [facts], { target: "other" })],
    ["for another source", ask(ada, [facts], { source: "10.0.0.1" })],
    ["for a purpose", ask(ada, [facts], { purpose: "" })],
    ["when its time is over", ask(ada, [facts], { time: NOON + 60_000 })],
    ["to connect", { ...ask(ada, []), question: { type: "connect" } }],
    ["for no statement", ask(ada, [])],
  ])("%s", async (_, request) => {
    await kept;
    expect(cache.lookup(request)).toBeUndefined();
  });

  test("when it looked at the time", async () => {
    const timed = counting({ ...PERMIT, cacheSeconds: 0 });
    await timed.cache.decide(ask(ada, [facts]));
    await timed.cache.decide(ask(ada, [facts]));
    expect(timed.calls()).toBe(2);
  });
});

test("the askers remembered for one statement are bounded: the oldest go", async () => {
  const { cache } = counting();
  const one = factsOf();
  const asker = (i: number) => ask({ ...ada, name: `p${i}` }, [one]);
  for (let i = 0; i < 300; i++) await cache.decide(asker(i));
  expect(cache.lookup(asker(0))).toBeUndefined();
  expect(cache.lookup(asker(299))).toEqual(PERMIT);
});

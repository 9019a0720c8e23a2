// A command that would change more rows than are kept, where the target's rules have people asked about it.
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { GateParts } from "#proxy/gate/parts.ts";
import { GateSession } from "#proxy/gate/session.ts";
import type { Ask, Command, Companion, Permitted } from "#proxy/protocol.ts";
import { Refusal } from "#shared/errors.ts";
import type { Analysis } from "#shared/facts.ts";
import type { PolicyCatalog } from "#shared/policy/types.ts";
import { DBA, RULES } from "#test/support/fake-approvals.ts";
import { analysis, CLAIM, CLINIC, fakeGate, NO_PHI } from "#test/support/fake-gate.ts";
import {
  CIRCUMSTANCES,
  DELETE,
  events,
  type Ground,
  HOLD,
  outcome,
  SNAPSHOT,
  send,
  settle,
} from "#test/support/held-gate.ts";

const PHI: PolicyCatalog = { ...NO_PHI, holdsPhi: () => true, without: () => PHI };
const FOUND: Analysis = {
  ...analysis(DELETE),
  statements: analysis(DELETE).statements.map((statement) => ({
    ...statement,
    images: [
      {
        relation: "public.prescriptions",
        family: [],
        key: ["id"],
        keyTypes: ["int4"],
        before: ["SELECT rows"],
        why: "",
      },
    ],
  })),
};

/** Where people of `groups` are asked about more than two rows. */
async function ground(groups: readonly string[] = ["dba"], more: Partial<GateParts> = {}): Promise<Ground> {
  const target = { ...CLINIC, images: { rows: 2, beyond: { ask: groups }, otherwise: "count" } } as const;
  const bundle = { version: "abc", targets: new Map([["clinic", target]]), catalog: PHI };
  const fake = await fakeGate({ bundle, ...more });
  fake.world.snapshot = SNAPSHOT;
  fake.world.analyse = () => FOUND;
  const session = await fake.gate.admit(CLAIM);
  if (!(session instanceof GateSession)) throw new Error("refused");
  return { fake, session, notices: [] };
}

const answer =
  (rows: number): Ask =>
  async () => ({
    shape: [],
    description: new Uint8Array(),
    rows: new Array(rows).fill(new Uint8Array(7)),
    more: false,
  });

/** What the target is about to run, up to where the gateway has found so many rows. */
async function reach(at: Ground, more: Partial<Command> = {}): Promise<Companion> {
  const sent = await send(at, more);
  expect(typeof (await outcome(sent))).toBe("object");
  return (sent.verdict as Permitted).beside as Companion;
}

/** The code of the refusal; null when the command runs. */
async function run(at: Ground, rows = 3, more: Partial<Command> = {}): Promise<string | null> {
  const refusal = await (await reach(at, more)).before(answer(rows), null);
  return refusal === null ? null : refusal.code;
}

const statuses = ({ fake }: Ground) => fake.approvals.requests.map(({ status }) => status);
const approvals = (at: Ground) => events(at, "images").filter((event) => "approval" in event);

describe("more rows than are kept", () => {
  test("run once when somebody else has agreed, and the evidence says so before", async () => {
    const at = await ground();
    const refusal = await (await reach(at)).before(answer(3), null);
    const [request] = at.fake.approvals.requests;
    expect(refusal).toMatchObject({
      code: "approval-pending",
      sqlstate: "PA001",
      message: expect.stringContaining(
        `engineer asks to change more than 2 rows of public.prescriptions, more than are kept before and after at clinic: it needs the approval of dba (request ${request?.request.id})`,
      ),
    });
    expect(await run(at)).toBe("approval-pending");
    at.fake.approvals.approve({ ...DBA, name: "other", issuer: "https://issuer.example", subject: "u-1" });
    expect(await run(at)).toBe("approval-pending");
    expect(approvals(at)).toEqual([]);
    at.fake.approvals.approve();
    const companion = await reach(at);
    at.fake.world.slowJournal = true;
    let over = false;
    const before = companion.before(answer(3), null).finally(() => {
      over = true;
    });
    await settle();
    at.fake.world.release();
    await settle();
    expect(approvals(at)).toMatchObject([{ before: null, beyond: true, approval: { answers: [{ name: "dba" }] } }]);
    expect(over).toBe(false);
    at.fake.world.release();
    expect(await before).toBeNull();
    at.fake.world.slowJournal = false;
    expect(statuses(at)).toEqual(["spent"]);
    expect(await run(at)).toBe("approval-pending");
    expect(statuses(at)).toEqual(["spent", "open"]);
  });

  test("ask nobody within the bound", async () => {
    const at = await ground();
    expect(await run(at, 2)).toBeNull();
    expect(statuses(at)).toEqual([]);
  });

  test("are another request than that of policy for the same command: neither approval is the other", async () => {
    const at = await ground();
    await run(at);
    at.fake.approvals.approve();
    at.fake.world.now += 61_000;
    at.fake.world.decide = (question) => (question === "connect" ? { ...HOLD, outcome: "permit" } : HOLD);
    const held = await send(at);
    expect(await outcome(held)).toBe("waits");
    expect(statuses(at)).toEqual(["approved", "open"]);
    const [first, second] = at.fake.approvals.requests.map(({ request }) => request);
    expect(first?.digest).not.toBe(second?.digest);
    expect(first?.facts).not.toBe(second?.facts);
  });

  test("need no second approval of the same people, who agreed to the command as policy wants it", async () => {
    const at = await ground();
    at.fake.world.decide = (question) => (question === "connect" ? { ...HOLD, outcome: "permit" } : HOLD);
    const held = await send(at);
    at.fake.approvals.approve();
    await outcome(held);
    const { beside } = held.verdict as Permitted;
    expect(await beside?.before(answer(3), null)).toBeNull();
    expect(statuses(at)).toEqual(["spent"]);
    expect(approvals(at)).toEqual([]);
  });

  test("need that of others", async () => {
    const fake = await ground(["privacy"]);
    const rules = { ...RULES, groups: { ...RULES.groups, privacy: { quorum: 1, channels: [], timeoutMinutes: 60 } } };
    const at = await ground(["privacy"], { approvals: { port: fake.fake.approvals, rules } });
    at.fake.world.decide = (question) => (question === "connect" ? { ...HOLD, outcome: "permit" } : HOLD);
    const held = await send(at);
    fake.fake.approvals.approve();
    await outcome(held);
    const { beside } = held.verdict as Permitted;
    expect(await beside?.before(answer(3), null)).toMatchObject({ code: "approval-pending" });
    expect(fake.fake.approvals.requests.map(({ request }) => request.rules.needed)).toEqual([["dba"], ["privacy"]]);
  });

  test.each<[string, (at: Ground) => void, string]>([
    ["was revoked", (at) => at.fake.world.revoke("engineer"), "revoked"],
    ["is drained", (at) => at.session.end(new Refusal("shutting-down")), "shutting-down"],
  ])("do not run in a session that %s meanwhile", async (_what, end, code) => {
    const at = await ground();
    await run(at);
    at.fake.approvals.approve();
    const companion = await reach(at);
    const before = companion.before(answer(3), null);
    end(at);
    expect(await before).toMatchObject({ code });
    expect(statuses(at)).not.toContain("spent");
    expect(approvals(at)).toEqual([]);
  });

  test("do not run as something else: catalog, circumstances", async () => {
    const at = await ground();
    await run(at);
    at.fake.approvals.approve();
    expect(await run(at, 3, { circumstances: () => ({ ...CIRCUMSTANCES, settings: { TimeZone: "CET" } }) })).toBe(
      "approval-pending",
    );
    expect(await run(at, 3, { circumstances: () => null })).toBe("approval-impossible");
    const companion = await reach(at);
    at.fake.world.snapshot = { ...SNAPSHOT, serverVersion: 180001 };
    expect(await companion.before(answer(3), null)).toMatchObject({ code: "approval-changed" });
    expect(statuses(at)).not.toContain("spent");
  });

  test("do not run when nobody can be asked, or the evidence cannot be written", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    expect(await run(await ground(["nobody"]))).toBe("approval-impossible");
    const at = await ground();
    at.fake.approvals.available = false;
    expect(await run(at)).toBe("approval-unavailable");
    at.fake.approvals.available = true;
    const lost = await reach(at);
    at.fake.approvals.down = true;
    const before = lost.before(answer(3), null);
    await settle();
    await vi.advanceTimersByTimeAsync(3000);
    expect(await before).toMatchObject({ code: "approval-unavailable" });
    at.fake.approvals.down = false;
    const slow = vi.spyOn(at.fake.approvals, "open").mockReturnValue(new Promise(() => {}));
    const unanswered = (await reach(at)).before(answer(3), null);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await unanswered).toMatchObject({ code: "approval-unavailable" });
    slow.mockRestore();
    await run(at);
    at.fake.approvals.approve();
    const unwritten = await reach(at);
    at.fake.world.failJournal = true;
    expect(await unwritten.before(answer(3), null)).toMatchObject({ code: "evidence-unavailable" });
    expect(approvals(at)).toEqual([]);
  });
});

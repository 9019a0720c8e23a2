// A command that policy holds: waits, is approved by somebody else, is judged again, and runs once.
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { Permit } from "#proxy/gate/permit.ts";
import type { GateSession } from "#proxy/gate/session.ts";
import type { Command, Permitted } from "#proxy/protocol.ts";
import { Refusal } from "#shared/errors.ts";
import type { Analysis, Facts } from "#shared/facts.ts";
import { DBA, RULES } from "#test/support/fake-approvals.ts";
import { analysis, CLAIM, CONTEXT, facts, PERMIT } from "#test/support/fake-gate.ts";
import {
  CIRCUMSTANCES,
  DELETE,
  events,
  type Ground,
  ground,
  HOLD,
  outcome,
  SNAPSHOT,
  send,
  settle,
  TEXT,
} from "#test/support/held-gate.ts";

describe("a held command", () => {
  test("waits, tells its client so, and runs once somebody else has agreed", async () => {
    const at = await ground();
    const bytes = new Uint8Array([8, 8]);
    const sent = await send(at, { bytes });
    expect(await outcome(sent)).toBe("waits");
    const [request] = at.fake.approvals.requests;
    const { what, statement, hasWhere, estimatedRows } = request?.request ?? {};
    expect({ what, statement, hasWhere, estimatedRows }).toEqual({
      what: "delete from public.prescriptions",
      statement: "select ?",
      hasWhere: true,
      estimatedRows: 3,
    });
    expect(at.notices).toEqual([
      {
        message: `${HOLD.why}: this waits for the approval of dba (request ${request?.request.id})`,
        detail: "Open until 1970-01-01 01:16:40Z.",
        hint: expect.stringContaining(`postern approve ${request?.request.id}`),
      },
    ]);
    at.fake.approvals.approve();
    const permit = (await outcome(sent)) as Permit;
    expect(permit.spend()).toBe(bytes);
    expect(at.fake.approvals.requests.map((s) => s.status)).toEqual(["spent"]);
    expect(at.fake.approvals.watched).toBe(0);
  });

  test("is in the evidence: asked, answered, run by which approval, and what came of it", async () => {
    const at = await ground();
    const sent = await send(at);
    at.fake.approvals.approve();
    await outcome(sent);
    const verdict = sent.verdict as Permitted;
    at.session.finished(verdict.judgement, { tag: "DELETE 1", rows: 1, bytes: 0, sqlstate: "", micros: 1, masks: [] });
    const [requested] = events(at, "approval.requested");
    const id = at.fake.approvals.requests[0]?.request.id;
    const digest = expect.stringMatching(/^[0-9a-f]{64}$/);
    expect(requested).toMatchObject({ id, digest, needed: ["dba"], joined: false, ref: verdict.judgement.ref });
    expect(events(at, "statement").at(-1)).toMatchObject({ decision: { outcome: "hold" } });
    expect(events(at, "execute").at(-1)).toMatchObject({
      ref: verdict.judgement.ref,
      approval: {
        id,
        digest: (requested as { digest: string }).digest,
        answers: [{ name: "dba", decision: "approve" }],
      },
    });
    expect(events(at, "finished")).toMatchObject([{ approval: id }]);
    expect(events(at, "approval.changed").map((e) => (e as { change: { type: string } }).change.type)).toEqual([
      "opened",
      "answered",
      "approved",
      "spent",
    ]);
  });

  test("does not run by the word of whoever asked, nor of people outside of the group", async () => {
    const at = await ground();
    const sent = await send(at);
    const { issuer, subject } = { issuer: "https://issuer.example", subject: "u-1" };
    at.fake.approvals.approve({ ...DBA, name: "other", issuer, subject });
    at.fake.approvals.approve({ ...DBA, subject: "u-3", groups: ["nurse"] });
    expect(await outcome(sent)).toBe("waits");
    at.fake.approvals.deny();
    expect(await outcome(sent)).toBe("approval-denied");
    expect((sent.verdict as Refusal).message).toBe("dba denied the approval: looked at it");
  });

  test("asks again each time: one approval is for one run", async () => {
    const at = await ground();
    const first = await send(at);
    at.fake.approvals.approve();
    expect(await outcome(first)).not.toBe("waits");
    const second = await send(at);
    expect(await outcome(second)).toBe("waits");
    expect(at.fake.approvals.requests.map((s) => s.status)).toEqual(["spent", "open"]);
  });

  test.each<[string, (at: Ground) => void, string]>([
    ["cancelled by the client", (at) => void at.session.interrupt("the client cancelled it"), "cancelled"],
    ["left by the client", (at) => void at.session.close("client gone"), "cancelled"],
    ["of somebody who is revoked", (at) => at.fake.world.revoke("engineer"), "cancelled"],
    ["whose session is drained", (at) => at.session.end(new Refusal("shutting-down")), "open"],
    ["whose target is lost", (at) => void at.session.close("target-lost"), "open"],
  ])("%s is over, and so is its request, or it stays for later", async (_what, end, status) => {
    const at = await ground();
    const sent = await send(at);
    end(at);
    expect(await outcome(sent)).not.toBe("waits");
    expect(at.fake.approvals.requests.map((s) => s.status)).toEqual([status]);
    expect(at.fake.approvals.watched).toBe(0);
    expect(at.session.interrupt("the client cancelled it")).toBe(false);
    if (status === "open") at.fake.approvals.approve();
    await settle();
    expect(sent.verdict).toBeInstanceOf(Refusal);
    expect(events(at, "execute")).toEqual([]);
  });

  test("keeps its session from being idle, and is not forgotten by another session of the same person", async () => {
    const at = await ground();
    await send(at);
    at.fake.gate.sessions.tick(at.fake.world.now + 61_000);
    expect(at.session.busy).toBe(true);
    at.session.end(new Refusal("shutting-down"));
    await settle();
    const later = { ...at, session: (await at.fake.gate.admit(CLAIM)) as GateSession };
    const sent = await send(later);
    expect(await outcome(sent)).toBe("waits");
    at.fake.approvals.approve();
    expect(typeof (await outcome(sent))).toBe("object");
    expect(at.fake.approvals.requests).toHaveLength(1);
    expect(events(at, "approval.requested")).toMatchObject([{ joined: false }, { joined: true }]);
  });

  test("waiting twice, runs once: the second asks anew", async () => {
    const at = await ground();
    const other = { ...at, session: (await at.fake.gate.admit(CLAIM)) as GateSession };
    const both = [await send(at), await send(other)];
    at.fake.approvals.approve();
    const outcomes = await Promise.all(both.map(outcome));
    expect(outcomes.filter((o) => o === "waits")).toHaveLength(1);
    expect(at.fake.approvals.requests.map((s) => s.status)).toEqual(["spent", "open"]);
  });

  test("expires when nobody answers, even if nobody says so", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const at = await ground();
    const sent = await send(at);
    await vi.advanceTimersByTimeAsync(60 * 60_000);
    expect(await outcome(sent)).toBe("waits");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await outcome(sent)).toBe("approval-expired");
  });

  test("is refused when approvals or evidence cannot be had, and nothing was asked in vain", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const at = await ground();
    at.fake.approvals.down = true;
    const vain = await send(at);
    await vi.advanceTimersByTimeAsync(3000);
    expect(await outcome(vain)).toBe("approval-unavailable");
    at.fake.approvals.down = false;
    at.fake.world.failJournal = true;
    expect(await outcome(await send(at))).toBe("evidence-unavailable");
    expect(at.fake.approvals.requests.map((s) => s.status)).toEqual(["cancelled"]);
    at.fake.world.failJournal = false;
    const sent = await send(at);
    at.fake.approvals.down = true;
    at.fake.approvals.approve();
    await vi.advanceTimersByTimeAsync(3000);
    expect(await outcome(sent)).toBe("approval-unavailable");
    expect(events(at, "execute")).toEqual([]);
  });

  test("is refused at once while nobody here would hear of an answer", async () => {
    const at = await ground();
    at.fake.approvals.available = false;
    expect(await outcome(await send(at))).toBe("approval-unavailable");
    expect(at.fake.approvals.requests).toEqual([]);
  });

  test("is judged again when it is approved: policy and catalog may be others by then", async () => {
    const at = await ground();
    const refused = await send(at);
    at.fake.world.now += 61_000;
    at.fake.world.decide = () => ({ ...HOLD, outcome: "refuse" });
    at.fake.approvals.approve();
    expect(await outcome(refused)).toBe("policy-denied");
    at.fake.world.decide = () => HOLD;
    at.fake.world.now += 61_000;
    const changed = await send(at);
    at.fake.world.snapshot = { ...SNAPSHOT, serverVersion: 180001 };
    at.fake.approvals.approve();
    expect(await outcome(changed)).toBe("approval-changed");
    expect(at.fake.approvals.requests.map((s) => s.status)).toEqual(["cancelled", "cancelled"]);
    expect(events(at, "execute")).toEqual([]);
  });

  test("is analysed once more when another policy comes into force while it is judged again", async () => {
    const at = await ground();
    const sent = await send(at);
    const late = Promise.withResolvers<Analysis>();
    const answers = [late.promise, new Refusal("statement-too-complex")];
    at.fake.world.analyse = () => answers.shift() ?? new Refusal("internal");
    at.fake.approvals.approve();
    await settle();
    at.fake.world.bundle = { ...at.fake.world.bundle, version: "def" };
    late.resolve(analysis(DELETE));
    expect(await outcome(sent)).toBe("statement-too-complex");
  });

  test("does not run by an approval of fewer people than policy asks for when it is given", async () => {
    const at = await ground();
    const sent = await send(at);
    at.fake.world.now += 61_000;
    const { groups } = RULES;
    onTestFinished(() => void Object.assign(RULES, { groups }));
    RULES.groups = { dba: { ...groups.dba!, quorum: 2 } };
    at.fake.approvals.approve();
    expect(await outcome(sent)).toBe("approval-changed");
    expect((sent.verdict as Refusal).message).toBe("policy asks for the approval of others by now");
    expect(at.fake.approvals.requests.map((s) => s.status)).toEqual(["cancelled"]);
    expect(events(at, "execute")).toEqual([]);
  });

  test("tells of an escalation and of a channel that is down", async () => {
    const at = await ground();
    await send(at);
    const id = at.fake.approvals.requests[0]?.request.id ?? "";
    at.fake.approvals.send(id, { type: "notification-failed", group: "dba", channel: "console", why: "it is down" });
    expect(at.notices).toHaveLength(2);
    expect(at.notices[1]?.detail).toContain("dba was not reached by console: it is down.");
  });
});

describe("retry", () => {
  test("is an error at once, and the same command runs once it is approved", async () => {
    const at = await ground({ approval: "retry" });
    const sent = await send(at);
    expect(await outcome(sent)).toBe("approval-pending");
    const id = at.fake.approvals.requests[0]?.request.id;
    expect(sent.verdict).toMatchObject({ sqlstate: "PA001", hint: expect.stringContaining(`approvals show ${id}`) });
    expect(await outcome(await send(at))).toBe("approval-pending");
    expect(await outcome(await send(at, { text: `${TEXT} ` }))).toBe("approval-pending");
    at.fake.approvals.approve(DBA, id);
    expect(typeof (await outcome(await send(at)))).toBe("object");
    expect(await outcome(await send(at))).toBe("approval-pending");
    expect(at.notices).toEqual([]);
  });

  test("is what a command gets that holds locks, where policy does not let it wait", async () => {
    const at = await ground();
    const sent = await send(at, { circumstances: () => ({ ...CIRCUMSTANCES, locks: true }) });
    expect(await outcome(sent)).toBe("approval-pending");
    expect((sent.verdict as Refusal).detail).toContain("It cannot wait inside a transaction.");
  });
});

describe("a statement that will be held", () => {
  test("may be prepared, and waits when it is executed", async () => {
    const at = await ground();
    const prepared = await send(at, { phase: "prepare" });
    expect(typeof (await outcome(prepared))).toBe("object");
    const { judgement } = prepared.verdict as Permitted;
    expect(judgement.held).toBe(true);
    const bound = { types: [23], formats: [], values: [new Uint8Array([49])] };
    const run = {
      phase: "execute",
      prepared: judgement,
      binds: 1,
      circumstances: () => ({ ...CIRCUMSTANCES, bound }),
    } as const;
    const sent = await send(at, run);
    expect(await outcome(sent)).toBe("waits");
    at.fake.approvals.approve();
    expect(typeof (await outcome(sent))).toBe("object");
    const released = (sent.verdict as Permitted).judgement;
    const rest = await send(at, { ...run, continues: released });
    expect(typeof (await outcome(rest))).toBe("object");
    expect(events(at, "execute").at(-1)).toMatchObject({ continues: true });
    expect(await outcome(await send(at, run))).toBe("waits");
  });

  test("may not when planning it could run code of the database", async () => {
    const at = await ground();
    const calls = analysis({ ...DELETE, functions: [{ name: "public.f", standing: "analysed" }] });
    at.fake.world.analyse = () => calls;
    expect(await outcome(await send(at, { phase: "prepare" }))).toBe("approval-impossible");
    expect(await outcome(await send(at))).toBe("waits");
  });
});

describe("what cannot be approved", () => {
  test.each<[string, Partial<Facts>, Partial<Command>]>([
    ["by the name of a prepared statement", { kind: "execute" }, {}],
    ["with rows that come later", { kind: "copy-in" }, {}],
    ["while the catalog is in motion", {}, { context: { ...CONTEXT, unsettled: true } }],
    ["with values that nobody kept", {}, { circumstances: () => null }],
  ])("a command %s", async (_what, change, more) => {
    const at = await ground();
    const found = analysis({ ...DELETE, ...change });
    at.fake.world.analyse = () => found;
    expect(await outcome(await send(at, more))).toBe("approval-impossible");
    expect(at.fake.approvals.requests).toEqual([]);
  });

  test("a command without the purpose that policy wants to hear", async () => {
    const at = await ground();
    at.fake.world.decide = () => ({ ...HOLD, obligations: [{ type: "reason", groups: [] }] });
    expect(await outcome(await send(at))).toBe("purpose-missing");
  });

  test("anything, once a setting was changed that analysis does not follow", async () => {
    const at = await ground();
    const set = analysis(facts({ kind: "set", gaps: [{ reason: "setting", what: "role" }] }));
    at.fake.world.decide = () => PERMIT;
    at.fake.world.analyse = () => set;
    await send(at, { text: "set role other" });
    const found = analysis(DELETE);
    at.fake.world.analyse = () => found;
    at.fake.world.decide = () => HOLD;
    expect(await outcome(await send(at))).toBe("approval-impossible");
  });
});

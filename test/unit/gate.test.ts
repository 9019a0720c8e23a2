import { describe, expect, test } from "vitest";
import { Permit } from "#proxy/gate/permit.ts";
import { GateSession } from "#proxy/gate/session.ts";
import type { Place } from "#proxy/ports/fleet.ts";
import type { Judgement, Permitted } from "#proxy/protocol.ts";
import { Refusal } from "#shared/errors.ts";
import {
  analysis,
  CLAIM,
  command,
  ENGINEER,
  type FakeGate,
  facts,
  fakeGate,
  NO_PHI,
  PERMIT,
} from "#test/support/fake-gate.ts";

async function admitted(fake: FakeGate): Promise<GateSession> {
  const session = await fake.gate.admit(CLAIM);
  if (!(session instanceof GateSession)) throw new Error(`refused: ${(session as Refusal).code}`);
  return session;
}

function permitted(verdict: Permitted | Refusal): Permitted {
  if (verdict instanceof Refusal) throw new Error(`refused: ${verdict.code}`);
  return verdict;
}

const code = (outcome: unknown) => (outcome instanceof Refusal ? outcome.code : "no refusal");
const DENY = {
  ...PERMIT,
  outcome: "refuse",
  policies: ["no-deletes"],
  why: "delete is forbidden",
  hint: "Ask.",
} as const;

describe("a login", () => {
  test("opens evidence that is durable before the session exists", async () => {
    const fake = await fakeGate();
    fake.world.slowJournal = true;
    let session: unknown;
    const login = fake.gate.admit(CLAIM).then((s) => {
      session = s;
    });
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(session).toBeUndefined();
    fake.world.release();
    await login;
    expect(session).toBeInstanceOf(GateSession);
    expect(fake.log.at(-1)).toMatchObject({ event: { type: "session.opened", credential: "v1" }, durable: true });
  });

  test.each([
    ["a bad token", { token: "bad" }, "token-invalid"],
    ["another user name", { user: "dba" }, "user-mismatch"],
    ["an unknown target", { target: "elsewhere" }, "unknown-target"],
  ])("with %s is refused, and the refusal is evidence", async (_what, change, expected) => {
    const fake = await fakeGate();
    expect(code(await fake.gate.admit({ ...CLAIM, ...change }))).toBe(expected);
    expect(fake.log.at(-1)?.event).toMatchObject({ type: "session.refused", code: expected });
  });

  test("to a target that policy does not open lists those it does", async () => {
    const fake = await fakeGate();
    const refusal = await fake.gate.admit({ ...CLAIM, target: "elsewhere" });
    expect((refusal as Refusal).detail).toBe("Targets: clinic.");
    fake.world.decide = () => DENY;
    expect(((await fake.gate.admit(CLAIM)) as Refusal).detail).toBe("This identity may use no target.");
  });

  test("fails closed when no decision, no journal, or no room can be had", async () => {
    const fake = await fakeGate();
    fake.world.decide = () => new Error("down");
    expect(code(await fake.gate.admit(CLAIM))).toBe("decision-unavailable");
    fake.world.decide = () => PERMIT;
    fake.world.failJournal = true;
    expect(code(await fake.gate.admit(CLAIM))).toBe("evidence-unavailable");
    expect(fake.gate.sessions.size).toBe(0);
    fake.world.failJournal = false;
    fake.world.room = false;
    expect(code(await fake.gate.admit(CLAIM))).toBe("evidence-unavailable");
    fake.world.room = true;
    await admitted(fake);
    await admitted(fake);
    expect(code(await fake.gate.admit(CLAIM))).toBe("too-many-connections");
  });

  test("two at once cannot both take the last place", async () => {
    const fake = await fakeGate();
    await admitted(fake);
    const both = await Promise.all([fake.gate.admit(CLAIM), fake.gate.admit(CLAIM)]);
    expect(both.map(code).sort()).toEqual(["no refusal", "too-many-connections"]);
    expect(fake.gate.sessions.size).toBe(2);
  });

  test("takes a place among the sessions of all gateways, and gives it back once, however it ends", async () => {
    const taken: string[] = [];
    let full: "target" | "principal" | null | Error = null;
    const places = {
      available: true,
      async take({ target, principal }: Place) {
        if (full instanceof Error) throw full;
        if (full === null) taken.push(`${target} ${principal}`);
        return full;
      },
      free: ({ target, principal }: Place) => void taken.splice(taken.indexOf(`${target} ${principal}`), 1),
    };
    const fake = await fakeGate({ places });
    const session = await admitted(fake);
    expect(taken).toEqual(["clinic engineer"]);
    await session.close("done");
    await session.close("done again");
    expect(taken).toEqual([]);
    for (full of ["target", "principal"] as const)
      expect(code(await fake.gate.admit(CLAIM))).toBe("too-many-connections");
    full = new Error("nobody knows");
    expect(code(await fake.gate.admit(CLAIM))).toBe("limits-unavailable");
    full = null;
    fake.world.failJournal = true;
    expect(code(await fake.gate.admit(CLAIM))).toBe("evidence-unavailable");
    fake.world.failJournal = false;
    // Both find a place; this gateway's own last one is one alone.
    await admitted(fake);
    await Promise.all([fake.gate.admit(CLAIM), fake.gate.admit(CLAIM)]);
    expect(taken).toEqual(["clinic engineer", "clinic engineer"]);
  });

  test("revoked while it was under way does not become a session", async () => {
    const fake = await fakeGate();
    fake.world.slowJournal = true;
    const login = fake.gate.admit(CLAIM);
    await new Promise((resolve) => setTimeout(resolve, 5));
    fake.world.revoked.add(ENGINEER.name);
    fake.world.slowJournal = false;
    fake.world.release();
    expect(code(await login)).toBe("offboarded");
    expect(fake.gate.sessions.size).toBe(0);
  });
});

describe("a command", () => {
  test("gets its permit only when its event is durable, with exactly the bytes that were judged", async () => {
    const fake = await fakeGate();
    const session = await admitted(fake);
    fake.world.slowJournal = true;
    const bytes = new Uint8Array([9, 9]);
    const verdict = permitted(await session.judge(command({ bytes })));
    let permit: Permit | undefined;
    const waiting = verdict.permit.then((p) => {
      permit = p;
    });
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(permit).toBeUndefined();
    expect(fake.log.at(-1)).toMatchObject({ event: { type: "statement" }, durable: false });
    fake.world.release();
    await waiting;
    expect(permit?.spend()).toBe(bytes);
    expect(() => permit?.spend()).toThrow("already spent");
  });

  test("is refused, and nothing may move, when evidence cannot be written", async () => {
    const fake = await fakeGate();
    const session = await admitted(fake);
    fake.world.failJournal = true;
    const verdict = permitted(await session.judge(command()));
    await expect(verdict.permit).rejects.toMatchObject({ code: "evidence-unavailable" });
    fake.world.available = false;
    expect(code(await session.judge(command()))).toBe("evidence-unavailable");
  });

  test("that policy denies is refused with the policy's name and a hint, and recorded", async () => {
    const fake = await fakeGate();
    const session = await admitted(fake);
    fake.world.decide = () => DENY;
    const refusal = (await session.judge(command())) as Refusal;
    expect(refusal).toMatchObject({ sqlstate: "42501", hint: "Ask." });
    expect(refusal.message).toContain("no-deletes");
    expect(fake.log.slice(-2).map((l) => l.event.type)).toEqual(["statement", "refused"]);
  });

  test("is refused when analysis fails, when it does not parse, when it is too long, when no decision comes", async () => {
    const fake = await fakeGate();
    const session = await admitted(fake);
    fake.world.analyse = () => new Refusal("statement-too-complex");
    expect(code(await session.judge(command()))).toBe("statement-too-complex");
    fake.world.analyse = () => ({ syntax: "syntax error", normalized: "x", fingerprint: "0" });
    expect(code(await session.judge(command()))).toBe("statement-syntax");
    fake.world.analyse = () => analysis(facts());
    expect(code(await session.judge(command({ text: "x".repeat(1001) })))).toBe("statement-too-long");
    fake.world.decide = () => new Error("down");
    expect(code(await session.judge(command()))).toBe("decision-unavailable");
  });

  test("run again costs an `execute` event that points at its statement, until the decision is old", async () => {
    const fake = await fakeGate();
    const session = await admitted(fake);
    const same = analysis(facts());
    fake.world.analyse = () => same;
    const first = permitted(await session.judge(command()));
    permitted(await session.judge(command()));
    expect(fake.log.at(-1)?.event).toMatchObject({ type: "execute", ref: first.judgement.ref });
    permitted(await session.judge(command({ phase: "execute", prepared: first.judgement })));
    expect(fake.log.at(-1)?.event).toMatchObject({ type: "execute", phase: "execute" });
    fake.world.now += 61_000;
    fake.world.decide = () => DENY;
    expect(code(await session.judge(command({ phase: "execute", prepared: first.judgement })))).toBe("policy-denied");
  });

  test("that names a prepared statement nobody knows has a gap; one that is known has its facts", async () => {
    const fake = await fakeGate();
    const session = await admitted(fake);
    const seen: boolean[] = [];
    fake.world.decide = () => PERMIT;
    const execute = analysis(facts({ kind: "execute", outputs: null, refers: { kind: "prepared", name: "a" } }));
    fake.world.analyse = () => execute;
    const unknown = permitted(await session.judge(command()));
    seen.push(unknown.judgement.analysis.statements[0]?.facts.complete ?? true);
    const target = {
      text: "",
      ref: 1,
      held: false,
      analysis: analysis(facts({ outputs: [{ name: "ssn", sources: [], direct: false }] })),
    };
    const known = permitted(await session.judge(command({ resolve: () => target })));
    seen.push(known.judgement.analysis.statements[0]?.facts.complete ?? false);
    expect(seen).toEqual([false, true]);
    expect(known.judgement.analysis.statements[0]?.facts.outputs).toHaveLength(1);
  });

  test("at a target that policy does not know any more is as one with PHI", async () => {
    const fake = await fakeGate();
    const session = await admitted(fake);
    const catalog = { ...NO_PHI, protects: () => false };
    fake.world.bundle = { ...fake.world.bundle, catalog };
    expect(session.protected).toBe(false);
    fake.world.bundle = { ...fake.world.bundle, targets: new Map() };
    expect(session.protected).toBe(true);
  });

  test("that goes on with a cursor has its facts, but not what another policy vouched for", async () => {
    const fake = await fakeGate();
    const session = await admitted(fake);
    fake.world.decide = () => PERMIT;
    const calls = (standing: "declared" | "harmless") =>
      analysis(facts({ functions: [{ name: "public.band", standing }], outputs: [] }));
    const fetch = analysis(facts({ kind: "fetch", outputs: null, refers: { kind: "cursor", name: "c" } }));
    const goesOn = async (opened: Judgement) => {
      fake.world.analyse = () => fetch;
      const { judgement } = permitted(await session.judge(command({ resolve: () => opened })));
      return judgement.analysis.statements[0]?.facts.complete;
    };
    const open = async (standing: "declared" | "harmless") => {
      fake.world.analyse = () => calls(standing);
      return permitted(await session.judge(command())).judgement;
    };
    const cursors = [await open("declared"), await open("harmless")];
    expect(await Promise.all(cursors.map(goesOn))).toEqual([true, true]);
    fake.world.bundle = { ...fake.world.bundle, version: "def" };
    expect(await Promise.all(cursors.map(goesOn))).toEqual([false, true]);
  });

  test("whose result could not be masked is refused, the second time as the first, and never announced", async () => {
    const fake = await fakeGate();
    const session = await admitted(fake);
    fake.world.decide = () => PERMIT;
    const gaps = [{ reason: "function", what: "public.f" }];
    const unclear = analysis(facts({ kind: "insert", complete: false, gaps, outputs: null }));
    fake.world.analyse = () => unclear;
    for (let i = 0; i < 2; i++) {
      expect(await session.judge(command())).toMatchObject({ code: "analysis-incomplete" });
      expect(fake.log.at(-1)?.event).toMatchObject({ type: "refused", code: "analysis-incomplete" });
    }
    expect(fake.log.map(({ event }) => event.type)).not.toContain("execute");
  });

  test("after revocation moves nothing, even when it was judged before", async () => {
    const fake = await fakeGate();
    const session = await admitted(fake);
    const endings: string[] = [];
    session.onEnd((refusal) => endings.push(refusal.code));
    fake.world.slowJournal = true;
    const verdict = permitted(await session.judge(command()));
    fake.world.revoke("engineer");
    fake.world.release();
    await expect(verdict.permit).rejects.toMatchObject({ code: "revoked" });
    expect(endings).toEqual(["revoked"]);
    expect(code(await session.judge(command()))).toBe("revoked");
    expect(() => session.pass(new Uint8Array([83]))).toThrow();
  });

  test("cannot be smuggled in as a frame that carries no command", async () => {
    const session = await admitted(await fakeGate());
    expect(session.pass(new Uint8Array([83]))).toBeInstanceOf(Permit);
    expect(() => session.pass(new Uint8Array([81]))).toThrow("carry a command");
  });
});

describe("sessions", () => {
  test("end when idle or too old, and all at drain", async () => {
    const fake = await fakeGate();
    const endings: string[] = [];
    const open = async () => {
      const session = await admitted(fake);
      session.onEnd((refusal) => {
        endings.push(refusal.code);
        void session.close(refusal.code);
      });
      return session;
    };
    await open();
    fake.gate.sessions.tick(fake.world.now + 61_000);
    const second = await open();
    await second.judge(command());
    fake.gate.sessions.tick(fake.world.now + 61_000);
    fake.gate.sessions.tick(fake.world.now + 601_000);
    await open();
    await fake.gate.drain(1);
    expect(endings).toEqual(["idle-timeout", "session-expired", "shutting-down"]);
    expect(code(await fake.gate.admit(CLAIM))).toBe("shutting-down");
  });
});

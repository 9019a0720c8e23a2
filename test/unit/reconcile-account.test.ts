// What a target's account says against what the evidence has: rules, without files.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Finding, TargetAccount } from "#shared/reconcile/account.ts";
import type { Logged, LoggedCommand } from "#shared/reconcile/logged.ts";
import type { Recorded, Run } from "#shared/reconcile/recorded.ts";

const NOON = Date.parse("2026-11-20T12:00:00Z");
const minutes = (n: number) => NOON + n * 60_000;
const CLOCK = 60_000;

function ran(text: string, at: number, more: Partial<LoggedCommand> = {}): LoggedCommand {
  const time = Number.isNaN(at) ? "" : new Date(at).toISOString();
  const who = {
    user: "gateway",
    database: "clinic",
    application: "postern/S1/engineer",
    host: "10.0.0.7",
    backend: "a1.1",
  };
  return { source: "log", time, at, text, ...who, ...more };
}

const run = (from: number, until = from + 50): Run => ({ from: minutes(from), until: minutes(until) });

function evidence(whole: Record<string, Run[]>, closed = Number.POSITIVE_INFINITY): Recorded {
  const texts = new Map(Object.entries(whole));
  return { closed, whole: texts, parts: texts };
}

async function findings(log: readonly Logged[], sessions: Record<string, Recorded>, expected: string[] = []) {
  const account = new TargetAccount({
    roles: new Set(["gateway"]),
    database: "clinic",
    isTarget: (database, user) => database === "clinic" && user === "gateway",
    expected: new Set(expected),
  });
  for (const logged of log) account.add(logged);
  account.end();
  const found: Finding[] = [];
  const known = async (session: string) => sessions[session] ?? null;
  for await (const one of account.findings(known, (text) => text === "SELECT 1 FROM pg_class", CLOCK)) found.push(one);
  return { account, found, kinds: found.map(({ kind, count }) => [kind, count]) };
}

describe("a command of a session", () => {
  const S1 = evidence({ "SELECT a": [run(0, 1), run(10, 11)], "SELECT b": [run(20, 21)] }, minutes(30));

  it("is explained by the run that was announced for it, in any order", async () => {
    const log = [ran("SELECT b", minutes(20)), ran("SELECT a", minutes(10)), ran("SELECT a", minutes(0))];
    expect((await findings(log, { S1 })).found).toEqual([]);
  });

  it("is not explained by a run that was over, that came later, or that explains another", async () => {
    const replays = [5, 15, 25].map((at) => ran("SELECT a", minutes(at)));
    for (const replay of replays) {
      const log = [ran("SELECT a", minutes(0)), replay, ran("SELECT b", minutes(20))];
      expect((await findings(log, { S1 })).kinds, replay.time).toEqual([["unrecorded", 1]]);
    }
    const before = [ran("SELECT a", minutes(-5))];
    expect((await findings(before, { S1 })).kinds).toEqual([["unrecorded", 1]]);
    const twice = [ran("SELECT b", minutes(20)), ran("SELECT b", minutes(20))];
    expect((await findings(twice, { S1 })).kinds).toEqual([["unrecorded", 1]]);
  });

  it("may differ by what the clocks may differ", async () => {
    const log = [ran("SELECT a", minutes(0) - 59_000), ran("SELECT b", minutes(21) + 59_000)];
    expect((await findings(log, { S1 })).found).toEqual([]);
  });

  it("is counted only, where the log's times cannot be read", async () => {
    const log = [ran("SELECT a", Number.NaN), ran("SELECT a", Number.NaN), ran("SELECT b", Number.NaN)];
    expect((await findings(log, { S1 })).found).toEqual([]);
    expect((await findings([...log, ran("SELECT a", Number.NaN)], { S1 })).kinds).toEqual([["unrecorded", 1]]);
  });

  it("in an audit that begins later is not explained by what was over before", async () => {
    const audit = (text: string, at: number, statement: number) =>
      ran(text, at, { source: "pgaudit", audit: { statement, part: 1 } });
    const log = [audit("SELECT b", minutes(20), 7), audit("SELECT a", minutes(22), 8)];
    expect((await findings(log, { S1 })).kinds).toEqual([["unrecorded", 1]]);
  });

  it("after the session was over is found, whatever it is", async () => {
    const audit = ran("SELECT b", minutes(32), { source: "pgaudit", audit: { statement: 1, part: 1 } });
    expect((await findings([audit], { S1 })).kinds).toEqual([["unrecorded", 1]]);
  });

  it("on a second connection under its name is found, even when it explains it", async () => {
    const log = [ran("SELECT a", minutes(0)), ran("SELECT b", minutes(20), { backend: "b2.2" })];
    expect((await findings(log, { S1 })).kinds).toEqual([["borrowed", 1]]);
  });
});

describe("who it was", () => {
  const S1 = evidence({ "SELECT a": [run(0)] });

  it("is reported unless it is expected, from where it is expected", async () => {
    const log = [
      ran("COPY t", minutes(0), { user: "backup", host: "10.0.0.9", application: "pg_dump" }),
      ran("COPY t", minutes(0), { user: "backup", host: "10.6.6.6", application: "pg_dump" }),
      ran("SELECT 1", minutes(0), { user: "rdsadmin", application: "" }),
      ran("SELECT 2", minutes(0), { user: "rdsadmin", application: "", database: "rdsadmin" }),
    ];
    const { kinds, account } = await findings(log, { S1 }, ["backup@10.0.0.9", "rdsadmin"]);
    expect(kinds).toEqual([["around", 1]]);
    expect(account.totals).toMatchObject({
      commands: 1,
      otherDatabases: { rdsadmin: 1 },
      expected: { "backup@10.0.0.9": 1, rdsadmin: 1 },
    });
  });

  it("is never expected to be the gateway's own role", async () => {
    const log = [ran("SELECT x", minutes(0), { application: "psql" })];
    expect((await findings(log, { S1 }, ["gateway"])).kinds).toEqual([["unknown-session", 1]]);
  });

  it("is reported when the gateway's role is used on another database", async () => {
    const log = [ran("SELECT x", minutes(0), { database: "billing" })];
    expect((await findings(log, { S1 })).kinds).toEqual([["elsewhere", 1]]);
  });

  it("is told by the connection also where the account is not in order", async () => {
    const S = evidence({ "SELECT a": [run(0)], "SELECT b": [run(0)], "SELECT c": [run(0)] });
    const mine = { application: "mine" };
    const log = [ran("SELECT b", minutes(0), mine), ran("SELECT c", minutes(0), mine), ran("SELECT a", minutes(0))];
    expect((await findings(log, { S1: S })).found).toEqual([]);
    const stranger = ran("SELECT b", minutes(0), { ...mine, backend: "c3.3" });
    expect((await findings([...log, stranger], { S1: S })).kinds).toEqual([["unknown-session", 1]]);
  });

  it("is told by the connection, where a client set another application_name, or the log has none", async () => {
    const own = [ran("SELECT a", minutes(0)), ran("SELECT b", minutes(0), { application: "mine" })];
    expect((await findings(own, { S1: evidence({ "SELECT a": [run(0)], "SELECT b": [run(0)] }) })).found).toEqual([]);
    const { text: _, ...login } = { ...ran("", minutes(0), { backend: "77" }), source: "login" as const };
    const nameless = ran("SELECT a", minutes(0), { application: "", backend: "77" });
    expect((await findings([login, nameless], { S1 })).found).toEqual([]);
    // The system gives the process id to somebody else.
    const next = { ...login, application: "psql" };
    expect((await findings([login, nameless, next, nameless], { S1 })).kinds).toEqual([["unknown-session", 1]]);
  });

  it("may ask for the catalog alone on the gateway's own connection", async () => {
    const catalog = { application: "postern/catalog" };
    const log = [ran("SELECT 1 FROM pg_class", NOON, catalog), ran("SELECT ssn FROM patients", NOON, catalog)];
    expect((await findings(log, { S1 })).kinds).toEqual([["catalog", 1]]);
  });
});

describe("lines of an audit", () => {
  const audit = (statement: number, part: number, text: string, backend = "a1.1") =>
    ran(text, NOON, { source: "pgaudit", backend, audit: { statement, part } });
  const S1 = evidence({ INSERT: [run(0), run(0)], "SELECT f()": [run(0)] });

  it("of one command are one, with what functions and triggers ran, in whatever order", async () => {
    const lines = [
      audit(1, 1, "INSERT"),
      audit(1, 2, "SELECT 1 FROM ONLY parent"),
      audit(1, 1, "INSERT"),
      audit(2, 1, "INSERT"),
      audit(3, 1, "SELECT f()"),
      audit(3, 2, "SELECT f()"),
      audit(3, 3, "SELECT secret"),
    ];
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(lines, { minLength: lines.length }), async (log) => {
        const { found, account } = await findings(log, { S1 });
        expect(found).toEqual([]);
        expect(account.totals.commands).toBe(3);
      }),
    );
  });

  it("are a command of their own when the command itself is missing", async () => {
    expect((await findings([audit(4, 2, "SELECT secret")], { S1 })).kinds).toEqual([["unrecorded", 1]]);
  });

  it("are told apart when a process id comes again", async () => {
    const pids = [audit(1, 1, "INSERT", "42"), audit(2, 1, "SELECT f()", "42"), audit(1, 1, "INSERT", "42")];
    expect((await findings(pids, { S1 })).account.totals.commands).toBe(3);
    const parts = [...pids, audit(1, 2, "SELECT 1 FROM ONLY parent", "42"), audit(1, 1, "INSERT", "42")];
    expect((await findings(parts, { S1 })).account.totals.commands).toBe(3);
    const short = [audit(1, 1, "INSERT", "42"), audit(1, 1, "SELECT secret", "42")];
    expect((await findings(short, { S1 })).kinds).toEqual([["unrecorded", 1]]);
  });
});

/** Every way in which commands can be given runs, tried. */
function leftOver(at: readonly number[], runs: readonly Run[]): number {
  const [first, ...rest] = at;
  if (first === undefined) return 0;
  let best = 1 + leftOver(rest, runs);
  for (const [i, { from, until }] of runs.entries())
    if (from - CLOCK <= first && first <= until + CLOCK) best = Math.min(best, leftOver(rest, runs.toSpliced(i, 1)));
  return best;
}

it("finds as many as no other choice of runs explains, and no more", async () => {
  const step = fc.integer({ min: 0, max: 30 }).map((n) => NOON + n * 20_000);
  const runs = fc.array(
    fc.tuple(step, fc.integer({ min: 0, max: 6 })).map(([from, length]) => ({ from, until: from + length * 20_000 })),
    { maxLength: 5 },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 5 }), runs, async (at, known) => {
      const log = at.map((time) => ran("SELECT a", time));
      const { found } = await findings(log, { S1: evidence({ "SELECT a": known }) });
      expect(found.reduce((sum, { count }) => sum + count, 0)).toBe(leftOver(at, known));
    }),
    { numRuns: 500 },
  );
});

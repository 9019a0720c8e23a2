// The auditors' questions on evidence whose answers are known, because the test says what happened.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ask } from "#cli/audit/duck.ts";
import { duckType } from "#cli/audit/hive-types.ts";
import { namedQueries } from "#cli/audit/named.ts";
import type { Recorder } from "#proxy/recorder/recorder.ts";
import type { EvidenceEvent } from "#shared/evidence/event.ts";
import type { Principal } from "#shared/identity.ts";
import {
  ENGINEER,
  finished,
  newIdentity,
  openTestRecorder,
  temporaryState,
  useSession,
} from "#test/support/evidence.ts";
import { copyStore } from "#test/support/memory-store.ts";
import { environment } from "#test/support/settings.ts";

const state = temporaryState();
const copilot: Principal = { ...ENGINEER, kind: "agent", name: "copilot", actsFor: "engineer" };
const nurse: Principal = { ...ENGINEER, name: "nurse", subject: "u-2" };
const today = new Date().toISOString().slice(0, 10);
const sessions = {
  engineer: newIdentity("clinic", ENGINEER),
  copilot: newIdentity("clinic", copilot),
  nurse: newIdentity("billing", nurse),
  open: newIdentity("clinic", nurse),
  stranger: newIdentity("clinic", null),
  log: newIdentity("gateway", null),
};
const queries = new Map(namedQueries().map((query) => [query.name, query]));
let recorder: Recorder;

async function answer(name: string, given: Readonly<Record<string, string | number>> = {}) {
  const query = queries.get(name);
  if (query === undefined) throw new Error(`no query ${name}`);
  const values: Record<string, string | number> = { from: today, to: today, ...given };
  const { rows } = await ask(
    join(state.path, "evidence"),
    query.sql,
    query.parameters.map((parameter) => values[parameter] ?? ""),
  );
  return rows;
}

const masked = (column: string, hidden: number, clear: number) => ({
  column,
  classes: ["name"],
  mask: "redact",
  masked: hidden,
  clear,
});
const change = (id: string, status: string, what: object): EvidenceEvent =>
  ({
    type: "approval.changed",
    id,
    digest: "d".repeat(64),
    requester: "engineer",
    target: "clinic",
    status,
    change: what,
  }) as EvidenceEvent;
const glass = (what: object): EvidenceEvent =>
  ({
    type: "break-glass.changed",
    id: "G1",
    target: "clinic",
    by: "nurse",
    reason: "the ward is on fire",
    until: Date.now() + 60_000,
    change: what,
  }) as EvidenceEvent;
const review = (what: object): EvidenceEvent =>
  ({
    type: "activity-review.changed",
    id: "20261123-7d",
    since: Date.UTC(2026, 10, 16),
    until: Date.UTC(2026, 10, 23),
    head: { size: 12, root: "5a".repeat(32) },
    totals: { sessions: 40, statements: 90, rows: 900, refusals: 3, noteworthy: 2, refusedLogins: 1 },
    sample: ["s1", "s2", "s3"],
    dueAt: Date.UTC(2026, 10, 30),
    change: what,
  }) as EvidenceEvent;
const by = (name: string) => ({ name, issuer: "https://issuer.example", subject: name, groups: ["dba"] });

beforeAll(async () => {
  recorder = await openTestRecorder(state.path);
  const one = await useSession(recorder, sessions.engineer, 3);
  const shown: EvidenceEvent = { ...finished(2, 4), masks: [masked("p.full_name", 4, 0)] } as EvidenceEvent;
  one.note(shown);
  one.note({ type: "refused", ref: 2, code: "policy-denied", sqlstate: "42501", why: "nobody deletes patients" });
  await one.close("terminated by the client");
  await (await useSession(recorder, sessions.copilot, 1)).close("terminated by the client");
  const other = await useSession(recorder, sessions.nurse, 2);
  const people = { domain: "person", classes: ["name"], relations: ["public.patients"], keyVersion: 1 };
  other.note({ type: "disclosure", ref: 2, ...people, subjects: ["ab", SUBJECT], complete: true, untold: 0 });
  other.note({
    ...finished(2, 2),
    masks: [masked("p.full_name", 0, 2), masked("p.ssn", 2, 0)],
  } as EvidenceEvent);
  await other.close("terminated by the client");
  await useSession(recorder, sessions.open, 1);
  for (let i = 0; i < 3; i++) {
    const turned = recorder.open(newIdentity("clinic", null));
    const source = { address: "203.0.113.9", port: 4000 + i };
    await turned.record({ type: "session.refused", source, claimed: "root", code: "token-invalid", why: "bad token" });
    await turned.close("refused");
  }
  const log = recorder.open(sessions.log);
  await log.record({ type: "policy.in_force", version: STATEMENT_VERSION, previous: null });
  const yes = { by: by("dba"), decision: "approve", reason: "agreed in the ticket", channel: "cli" };
  log.note(change("R1", "open", { at: 1, type: "opened" }));
  log.note(change("R1", "open", { at: 2, type: "answered", answer: { ...yes, authentication: "oidc" } }));
  log.note(change("R1", "approved", { at: 3, type: "approved", counted: [], validUntil: 9 }));
  log.note(glass({ at: 1, type: "opened" }));
  log.note(glass({ at: 2, type: "overdue" }));
  log.note(glass({ at: 3, type: "reviewed", by: by("officer"), justified: true, reason: "it was", late: true }));
  log.note(review({ at: 1, type: "opened" }));
  log.note(review({ at: 2, type: "overdue" }));
  log.note(review({ at: 3, type: "attested", by: by("officer"), findings: "all well", concern: false, late: true }));
  await log.close("recorded");
  // What is sealed within the session is read as well.
  await vi.waitFor(async () => {
    const keys = [...(await copyStore(join(state.path, "evidence"))).keys()];
    expect(keys.some((key) => key.startsWith("events/") && key.includes(sessions.open.session))).toBe(true);
  });
}, 30_000);

const SUBJECT = "00112233445566778899aabbccddeeff";
const STATEMENT_VERSION = "ab".repeat(32);

afterAll(async () => {
  await recorder.close();
  state.remove();
});

describe("the named queries", () => {
  it("tell what somebody did, also through an agent", async () => {
    const rows = await answer("access-by-person", { person: "engineer" });
    expect(rows.map((r) => [r.person, r.acts_for, r.session, r.runs, r.result_rows])).toEqual([
      ["engineer", null, sessions.engineer.session, "4", "7"],
      ["copilot", "engineer", sessions.copilot.session, "1", "1"],
    ]);
    expect(rows[0]).toMatchObject({ decision: "permit", statement: "SELECT id, name FROM patients WHERE id = $1" });
    expect(await answer("access-by-person", { person: "nobody" })).toEqual([]);
  });

  it("tell who saw one person's records", async () => {
    const rows = await answer("access-by-patient", { subject: SUBJECT });
    expect(rows.map((r) => [r.person, r.target, r.session])).toEqual([["nurse", "billing", sessions.nurse.session]]);
    expect(rows[0]?.statement).toContain("SELECT id, name FROM patients");
    expect(await answer("access-by-patient", { subject: "00".repeat(16) })).toEqual([]);
  });

  it("tell what was denied, at the door too", async () => {
    const rows = await answer("denied");
    expect(rows.map((r) => [r.person, r.what, r.code])).toEqual([
      ["engineer", "refused", "policy-denied"],
      ...Array.from({ length: 3 }, () => ["root", "session.refused", "token-invalid"]),
    ]);
  });

  it("count what was masked and what was clear, for each column", async () => {
    const rows = await answer("masked-and-clear");
    expect(rows.map((r) => [r.target, r.person, r.column_name, r.cells_masked, r.cells_clear])).toEqual([
      ["billing", "nurse", "p.full_name", "0", "2"],
      ["clinic", "engineer", "p.full_name", "4", "0"],
      ["billing", "nurse", "p.ssn", "2", "0"],
    ]);
  });

  it("tell who answered a request, and what became of it", async () => {
    const rows = await answer("approvals");
    expect(rows.map((r) => [r.id, r.requester, r.what, r.answered_by, r.answer, r.channel, r.outcome])).toEqual([
      ["R1", "engineer", "answered", "dba", "approve", "cli", "approved"],
      ["R1", "engineer", "approved", null, null, null, "approved"],
    ]);
  });

  it("tell who broke the glass, and who reviewed it", async () => {
    const [row, ...more] = await answer("break-glass");
    expect(more).toEqual([]);
    expect(row).toMatchObject({
      id: "G1",
      opened_by: "nurse",
      reason: "the ward is on fire",
      reviewed_by: "officer",
      justified: "true",
      finding: "it was",
      was_overdue: true,
    });
  });

  it("tell who looked at the sample of a week, and when nobody had in time", async () => {
    const [row, ...more] = await answer("reviews");
    expect(more).toEqual([]);
    expect(row).toMatchObject({
      id: "20261123-7d",
      head_size: "12",
      head_root: "5a".repeat(32),
      sessions: "40",
      sampled: "3",
      attested_by: "officer",
      findings: "all well",
      concern: "false",
      was_overdue: true,
    });
    expect(String(row?.period_from)).toContain("2026-11-16 00:00:00");
  });

  it("count failed logins", async () => {
    const rows = await answer("failed-logins");
    expect(rows.map((r) => [r.claimed, r.address, r.code, r.attempts])).toEqual([
      ["root", "203.0.113.9", "token-invalid", "3"],
    ]);
  });

  it("know working hours where people work", async () => {
    const all = await answer("after-hours", { zone: "UTC", opens: 24, closes: 24 });
    expect(all).toHaveLength(4);
    const weekend = [6, 7].includes(new Date().getUTCDay() || 7);
    expect(await answer("after-hours", { zone: "UTC", opens: 0, closes: 24 })).toHaveLength(weekend ? 4 : 0);
    const utc = await answer("after-hours", { zone: "UTC", opens: 24, closes: 24 });
    const tokyo = await answer("after-hours", { zone: "Asia/Tokyo", opens: 24, closes: 24 });
    const clock = (row: (typeof utc)[number] | undefined) => Number(/[ T](\d\d):/.exec(String(row?.local_time))?.[1]);
    expect((clock(tokyo[0]) - clock(utc[0]) + 24) % 24).toBe(9);
  });

  it("tell which policy was in force for how many decisions", async () => {
    const rows = await answer("policies");
    expect(rows.map((r) => [r.version, r.in_force_since === null, r.decisions])).toEqual([
      [STATEMENT_VERSION, false, "4"],
    ]);
  });

  it("find the sessions without an end", async () => {
    const rows = await answer("open-sessions");
    expect(rows.map((r) => [r.session, r.person, r.target])).toEqual([[sessions.open.session, "nurse", "clinic"]]);
  });

  it("add up what people did", async () => {
    const rows = await answer("activity");
    expect(
      rows.map((r) => [r.target, r.person, r.sessions, r.commands, r.refusals, r.result_rows, r.cells_clear]),
    ).toEqual([
      ["billing", "nurse", "1", "3", "0", "4", "2"],
      ["clinic", "copilot", "1", "1", "0", "1", "0"],
      ["clinic", "engineer", "1", "4", "1", "7", "0"],
      ["clinic", "nurse", "1", "1", "0", "1", "0"],
    ]);
  });

  it("answer nothing for days when nothing happened", async () => {
    for (const { name } of queries.values())
      expect(
        await answer(name, { from: "2020-01-01", to: "2020-01-02", person: "x", zone: "UTC", opens: 7, closes: 19 }),
      ).toEqual([]);
  });
});

describe("postern query", () => {
  const main = fileURLToPath(new URL("../../support/evidence-cli.ts", import.meta.url));
  const postern = (...args: string[]) => {
    const env = { ...environment(), POSTERN_STATE: state.path };
    return spawnSync(process.execPath, [main, "query", ...args], { env, encoding: "utf8" });
  };

  it("lists the questions", () => {
    const { stdout, status } = postern();
    expect(status).toBe(0);
    for (const name of queries.keys()) expect(stdout).toContain(name);
  });

  it("answers as a table, as JSON and as CSV", () => {
    expect(postern("failed-logins").stdout).toMatch(
      /^CLAIMED +ADDRESS .*\nroot +203\.0\.113\.9 +clinic +token-invalid +3 /,
    );
    expect(JSON.parse(postern("failed-logins", "--json").stdout)).toMatchObject({ claimed: "root", attempts: "3" });
    expect(postern("failed-logins", "--csv").stdout).toMatch(
      /^claimed,address,.*\nroot,203\.0\.113\.9,clinic,token-invalid,3,/,
    );
  });

  it("says what is wrong", () => {
    const wrong: readonly (readonly string[])[] = [
      ["no-such"],
      ["access-by-person"],
      ["after-hours", "--zone", "Mars/Olympus"],
      ["after-hours", "--hours", "19-7"],
      ["denied", "--from", "yesterday"],
    ];
    for (const args of wrong) {
      const { status, stderr, stdout } = postern(...args);
      expect([args, status, stdout]).toEqual([args, 2, ""]);
      expect(stderr).toMatch(/^postern: .+/);
    }
  }, 30_000);
});

describe("types of the table", () => {
  it("are read whole", () => {
    expect(duckType("struct<a:int,b:array<struct<c:json>>>")).toBe('STRUCT("a" INTEGER, "b" STRUCT("c" JSON)[])');
    for (const wrong of ["struct<a>", "array<int", "int>", "float", "struct<a:int,>", ""])
      expect(() => duckType(wrong)).toThrow();
  });
});

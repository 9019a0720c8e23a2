// The commands that read evidence, on a home that a recorder made. Run as a process each, as a person would.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, chmodSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitBefore } from "#cli/replay/pace.ts";
import type { Recorder } from "#proxy/recorder/recorder.ts";
import {
  ENGINEER,
  execute,
  finished,
  frame,
  newIdentity,
  openTestRecorder,
  resultBytes,
  STATEMENT,
  temporaryState,
  useSession,
} from "#test/support/evidence.ts";
import { copyStore } from "#test/support/memory-store.ts";
import { environment } from "#test/support/settings.ts";

const state = temporaryState();
/** The five commands alone: the whole program takes its time to load. */
const MAIN = fileURLToPath(new URL("../../support/evidence-cli.ts", import.meta.url));
const copilot = { ...ENGINEER, kind: "agent" as const, name: "copilot", actsFor: "engineer" };
const engineer = newIdentity();
const agent = newIdentity("billing", copilot);
const live = newIdentity();
let recorder: Recorder;

beforeAll(async () => {
  recorder = await openTestRecorder(state.path);
  const one = await useSession(recorder, engineer, 2);
  one.note({
    ...STATEMENT,
    text: "DELETE FROM patients",
    facts: [
      { kind: "delete", complete: true, gaps: [], relations: [{ relation: "public.patients", actions: ["delete"] }] },
    ],
    decision: { outcome: "refuse", policies: ["no-delete"], why: "nobody deletes patients", version: "ab", reveal: [] },
  } as typeof STATEMENT);
  one.note({ type: "refused", ref: 6, code: "policy-denied", sqlstate: "42501", why: "nobody deletes patients" });
  one.output(frame("E", Buffer.from("SERROR\0C42501\0Mnobody deletes patients \u001b[31m\0HAsk the owners.\0\0")));
  await one.close("terminated by the client");
  await (await useSession(recorder, agent, 1)).close("terminated by the client");
  await useSession(recorder, live, 1);
}, 30_000);

afterAll(async () => {
  await recorder.close();
  state.remove();
});

function postern(...args: string[]) {
  const env = { ...environment(), POSTERN_STATE: state.path };
  const run = spawnSync(process.execPath, [MAIN, ...args], { env, encoding: "utf8" });
  return {
    code: run.status,
    out: run.stdout,
    err: run.stderr,
    json: () =>
      run.stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
  };
}

describe("postern sessions", () => {
  it("lists the newest first, those that run included", () => {
    const { out, code } = postern("sessions");
    expect(code).toBe(0);
    const rows = out.trim().split("\n");
    expect(rows[0]).toMatch(/^SESSION +OPENED +LASTED +WHO +TARGET +STATEMENTS +REFUSED +ROWS +STATE$/);
    expect(rows.slice(1).map((row) => row.split(" ")[0])).toEqual([live.session, agent.session, engineer.session]);
    expect(rows[1]).toMatch(/open$/);
    expect(rows[2]).toContain("copilot for engineer");
  });

  it("filters", () => {
    const ids = (...args: string[]) =>
      postern("sessions", "--json", ...args)
        .out.trim()
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line).session);
    expect(ids("--principal", "copilot")).toEqual([agent.session]);
    expect(ids("--target", "clinic", "--decision", "refuse")).toEqual([engineer.session]);
    expect(ids("--relation", "patients", "--limit", "1")).toEqual([live.session]);
    expect(ids("--until", "1h")).toEqual([]);
    expect(ids("--since", "1h")).toHaveLength(3);
    expect(postern("sessions", "--since", "yesterday").err).toContain("is not a time");
  });
});

describe("postern index rebuild", () => {
  it("reads the index again from the evidence, whatever was in it", () => {
    const before = postern("sessions", "--json").out;
    const db = new DatabaseSync(join(state.path, "index.db"));
    db.exec(
      "INSERT INTO sessions SELECT 'GHOST', target, principal, acts_for, opened, closed, json_set(summary, '$.session', 'GHOST') FROM sessions LIMIT 1",
    );
    db.close();
    expect(postern("sessions", "--json").out).toContain("GHOST");
    const { code, out } = postern("index", "rebuild");
    expect({ code, out }).toEqual({
      code: 0,
      out: expect.stringMatching(/^read \d+ entries of the ledger: \d+ sessions\n$/),
    });
    expect(postern("sessions", "--json").out).toBe(before);
  });
});

describe("postern show", () => {
  it("tells what happened, by the start of an id and by `last`", () => {
    const { out } = postern("show", engineer.session);
    expect(out).toContain("opened   engineer from 127.0.0.1:50000 to clinic");
    expect(out).toContain("SELECT id, name FROM patients WHERE id = $1");
    expect(out).toContain("nobody deletes patients (policy-denied, 42501)");
    expect(out).toContain("closed   terminated by the client: 3 statements, 2 rows, 52 bytes");
    expect(postern("show", "last").out).toContain(live.session);
    const several = postern("show", engineer.session.slice(0, 4));
    expect(several.code).toBe(1);
    expect(several.err).toContain("several sessions start with");
    expect(postern("show", "nothing").err).toBe("postern: there is no session nothing\n");
  });

  it("gives the lines as they are kept", () => {
    const lines = postern("show", engineer.session, "--json").json();
    expect(lines.map((line) => line.postern.seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(lines[0].class_uid).toBe(3002);
  });
});

describe("postern replay", () => {
  it("shows what the client saw, as tables, and obeys no escape sequence", () => {
    const { out, code } = postern("replay", engineer.session, "--no-wait");
    expect(code).toBe(0);
    expect(out).toContain(
      [
        "clinic=> SELECT id, name FROM patients WHERE id = $1",
        " id |   name",
        "----+-----------",
        "  0 | Patient 0",
        "(1 row)",
      ].join("\n"),
    );
    expect(out).toContain(
      "clinic=> DELETE FROM patients\nERROR:  42501: nobody deletes patients \\x1b[31m\nHINT:  Ask the owners.",
    );
    expect(out.trim().endsWith("-- closed: terminated by the client")).toBe(true);
  });

  it("gives rows and events as JSON, in order", () => {
    const steps = postern("replay", engineer.session, "--json").json();
    expect(steps.filter((step) => step.row).map((step) => step.row)).toEqual([
      ["0", "Patient 0"],
      ["1", "Patient 1"],
    ]);
    const seqs = steps.map((step) => step.seq);
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
  });

  it("keeps the pace", async () => {
    const identity = newIdentity();
    const session = await useSession(recorder, identity, 1);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await session.record(execute(2));
    session.output(resultBytes([[1, "late"]]));
    session.note(finished(2));
    await session.close("done");
    const begin = performance.now();
    expect(postern("replay", identity.session).out).toContain("late");
    expect(performance.now() - begin).toBeGreaterThan(950);
    expect(postern("replay", identity.session, "--speed", "100").out).toContain("late");
    expect([
      waitBefore(1000, 3000, 1),
      waitBefore(1000, 3000, 100),
      waitBefore(1000, 3000, Number.POSITIVE_INFINITY),
    ]).toEqual([2000, 20, 0]);
    expect(waitBefore(3000, 1000, 1)).toBe(0);
  });
});

describe("postern tail", () => {
  it("shows what is there, and stops when asked to", () => {
    const { out, code } = postern("tail", "--once", "--json", "--lines", "1000");
    expect(code).toBe(0);
    expect(out).toContain(`"session":"${live.session}"`);
    expect(postern("tail", "--once", "--lines", "1").out.trim().split("\n")).toHaveLength(1);
  });

  it("follows what is recorded, and ends quietly on Ctrl-C", async () => {
    const child = spawn(process.execPath, [MAIN, "tail", "--lines", "0"], {
      env: { ...environment(), POSTERN_STATE: state.path },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const lines = createInterface({ input: child.stdout });
    const first = once(lines, "line");
    let session = recorder.open(newIdentity());
    const feeding = setInterval(
      () => session.note({ type: "violation", code: "protocol-violation", why: "seen by tail" }),
      50,
    );
    const [line] = await first;
    clearInterval(feeding);
    expect(String(line)).toContain("violation seen by tail");
    await session.close("done");
    session = recorder.open(newIdentity());
    child.kill("SIGINT");
    const [code] = await once(child, "exit");
    expect(code).toBe(0);
    await session.close("done");
  }, 20_000);
});

describe("postern verify", () => {
  it("says what it checked and what it could not", () => {
    const { out, code } = postern("verify");
    expect(out).toContain("ok        nothing was changed, removed, inserted or reordered");
    expect(out).toMatch(/ledger {4}\d+ entries/);
    expect(code).toBe(0);
    const one = postern("verify", agent.session, "--json");
    expect(one.json()[0]).toMatchObject({ ok: true, checked: { sessions: 1 }, bad: null });
    expect(postern("verify", "--since", "1d").code).toBe(0);
    expect(postern("verify", "last", "--all").err).toContain("give a session, --all");
  });

  it("names the first bad place and exits with 1", async () => {
    const objects = await copyStore(join(state.path, "evidence"));
    const [key = ""] = [...objects.keys()].filter((name) => name.includes(agent.session) && name.startsWith("events/"));
    const path = join(state.path, "evidence", key);
    const bytes = objects.get(key) ?? new Uint8Array(0);
    chmodSync(path, 0o600);
    appendFileSync(path, "x");
    const { out, code } = postern("verify");
    expect(code).toBe(1);
    expect(out).toContain(`  object  ${key}`);
    expect(out).toContain(`  session ${agent.session}`);
    expect(postern("verify", engineer.session).code).toBe(0);
    writeFileSync(path, bytes);
    expect(postern("verify").code).toBe(0);
  });

  it("remembers the head of the ledger that it saw", () => {
    expect(readdirSync(state.path)).toContain("verified-head.json");
    writeFileSync(join(state.path, "verified-head.json"), JSON.stringify({ size: 1_000_000, root: "0".repeat(64) }));
    const { out, code } = postern("verify");
    expect(code).toBe(1);
    expect(out).toContain("shorter than the head");
    rmSync(join(state.path, "verified-head.json"));
  });
});

describe("without a home", () => {
  it("each says what is missing, and what to do", () => {
    const empty = temporaryState();
    const env = { ...environment(), POSTERN_STATE: join(empty.path, "nothing") };
    for (const args of [["sessions"], ["show", "last"], ["verify"], ["tail", "--once"], ["replay", "last"]]) {
      const run = spawnSync(process.execPath, [MAIN, ...args], { env, encoding: "utf8" });
      expect(run.stderr, args.join(" ")).toMatch(/^postern: there is no evidence in /);
      expect(run.stderr.trim().split("\n")).toHaveLength(2);
      expect(run.status).toBe(3);
    }
    expect(readdirSync(empty.path)).toEqual([]);
    empty.remove();
  });
});

// A command waits in an unmodified client until somebody else agrees; then it runs, once.
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { serialize } from "pg-protocol";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { type Approving, approving } from "#test/support/approving.ts";
import { startTestHome, type TestHome } from "#test/support/home.ts";

let home: TestHome;
let people: Approving;
let direct: pg.Client;
const clients: pg.Client[] = [];

beforeAll(async () => {
  home = await startTestHome();
  people = approving(home);
  direct = await home.direct();
});
afterEach(async () => {
  for (const client of clients.splice(0)) await client.end().catch(() => {});
});
afterAll(async () => {
  people.close();
  await direct.end();
  await home.stop();
});

interface Noticed extends pg.Client {
  readonly notices: string[];
}

async function client(identity: string, options?: string): Promise<Noticed> {
  const connected = await home.client(identity, options === undefined ? {} : { options });
  const notices: string[] = [];
  connected.on("error", () => {}).on("notice", (notice) => notices.push(notice.message ?? ""));
  clients.push(connected);
  return Object.assign(connected, { notices });
}

/** What came of a command: its row count, or the SQLSTATE. */
function outcome(run: Promise<pg.QueryResult>): Promise<number | string | null> {
  return run.then(
    ({ rowCount }) => rowCount,
    (error: { code?: string }) => error.code ?? "no code",
  );
}

let next = 10;

/** Prescriptions that nobody else of these tests touches. */
async function row(): Promise<number> {
  next += 1;
  return (await direct.query("SELECT id FROM prescriptions ORDER BY id OFFSET $1 LIMIT 1", [next])).rows[0].id;
}

async function isThere(id: number): Promise<boolean> {
  return (await direct.query("SELECT FROM prescriptions WHERE id = $1", [id])).rowCount === 1;
}

async function locks(): Promise<number> {
  const found = await direct.query(
    "SELECT count(*)::int AS locks FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE a.application_name LIKE 'postern/%engineer' AND locktype = 'relation'",
  );
  return found.rows[0].locks;
}

const approve = (id: string, as = "dba") => people.answer(id, as);

// First, while there are few sessions: all of them are in the sample then.
it("a sample of the sessions is attested by somebody who is asked and not in it, and that is evidence", async () => {
  const review = (...args: string[]) => people.postern("reviews", ...args);
  await (await client("engineer")).query("SELECT 1");
  expect(await review("--open", "--as", "engineer")).toMatchObject({
    code: 1,
    err: "postern: you are not in a group that is asked\n",
  });
  const begun = await vi.waitFor(async () => {
    const opened = await review("--open", "--days", "1", "--as", "privacy", "--json");
    expect(opened).toMatchObject({ code: 0, err: "" });
    return opened;
  });
  const { id, sample } = JSON.parse(begun.out).review;
  expect(sample.map((one: { who: { name: string } }) => one.who.name)).toEqual(["engineer"]);
  expect((await review(id)).out).toContain("The sample is what the ledger's head chooses.");
  const attest = (which: string, as: string, findings = "looked at each of them") =>
    people.postern("attest", which, "--as", as, "--findings", findings);
  expect(await attest(id, "nurse")).toMatchObject({ code: 1, err: "postern: you are not in a group that is asked\n" });
  expect(await attest(id, "privacy", "")).toMatchObject({ code: 1 });
  expect(await attest(id, "privacy")).toMatchObject({ code: 0, err: "" });
  expect((await review("--overdue")).code).toBe(0);

  await (await client("privacy")).query("SELECT 1");
  // A period ends with a whole second.
  await sleep(1100);
  const own = JSON.parse((await review("--open", "--days", "1", "--as", "privacy", "--json")).out).review.id;
  expect(own).not.toBe(id);
  expect(await attest(own, "privacy")).toMatchObject({
    code: 1,
    err: "postern: you are in the sample: somebody else has to look at it\n",
  });
  expect((await review()).out).toMatch(new RegExp(`^${own} .* privacy +open$`, "m"));
  await expect
    .poll(async () => JSON.parse((await people.postern("query", "reviews", "--json")).out.split("\n")[0] || "{}"))
    .toMatchObject({ id, attested_by: "privacy", findings: "looked at each of them", was_overdue: false });
}, 60_000);

describe("a DELETE as engineer", () => {
  it.each([
    ["simple protocol", "outside", false, false],
    ["extended protocol", "outside", true, false],
    ["simple protocol", "inside", false, true],
    ["extended protocol", "inside", true, true],
  ])("waits, %s, %s of a transaction, and runs once a dba agrees", async (_how, _where, extended, inside) => {
    const engineer = await client("engineer");
    const id = await row();
    if (inside) await engineer.query("BEGIN");
    const text = `DELETE FROM prescriptions WHERE id = ${extended ? "$1" : id}`;
    const run = outcome(extended ? engineer.query(text, [id]) : engineer.query(text));
    const { request } = await people.asked();
    expect(request).toMatchObject({
      mode: "wait",
      hasWhere: true,
      estimatedRows: 1,
      what: "delete from public.prescriptions",
    });
    expect(request.statement).not.toContain(String(id));
    expect(await locks()).toBe(0);
    expect(await isThere(id)).toBe(true);
    expect(await approve(request.id)).toBe("approved");
    expect(await run).toBe(1);
    if (inside) await engineer.query("COMMIT");
    expect(await isThere(id)).toBe(false);
    expect(engineer.notices).toEqual([
      `engineer asks to delete from public.prescriptions at clinic: this waits for the approval of dba (request ${request.id})`,
    ]);
    expect((await people.state(request.id)).status).toBe("spent");
  });

  it("is not approved by whoever asked, nor by people outside of the group, and is denied with a reason", async () => {
    const engineer = await client("engineer");
    const id = await row();
    const run = engineer.query(`DELETE FROM prescriptions WHERE id = ${id}`);
    const said = run.catch((error: Error) => error.message);
    const { request } = await people.asked();
    expect(await approve(request.id, "engineer")).toBe("requester");
    expect(await approve(request.id, "nurse")).toBe("not-a-member");
    const self = await people.postern("approve", request.id, "--as", "engineer", "--reason", "mine");
    expect(self).toMatchObject({ code: 1, err: "postern: nobody approves what they asked for themselves\n" });
    expect((await people.state(request.id)).status).toBe("open");
    expect(await people.postern("deny", request.id, "--as", "dba", "--reason", "wrong patient")).toMatchObject({
      code: 0,
    });
    expect(await said).toBe("dba denied the approval: wrong patient");
    expect(await isThere(id)).toBe(true);
    expect(await outcome(engineer.query("SELECT 1"))).toBe(1);
  });

  it("is taken back by Ctrl-C, and by a client that goes away", async () => {
    const engineer = await client("engineer");
    const id = await row();
    const cancelled = outcome(engineer.query(`DELETE FROM prescriptions WHERE id = ${id}`));
    const first = (await people.asked()).request.id;
    const { processID, secretKey } = engineer as unknown as { processID: number; secretKey: number };
    connect(home.run.gateway.port, "127.0.0.1").end(serialize.cancel(processID, secretKey));
    expect(await cancelled).toBe("57014");
    await people.until(first, "cancelled");
    expect(await approve(first)).toBe("decided-already");

    void outcome(engineer.query(`DELETE FROM prescriptions WHERE id = ${id}`));
    const second = (await people.asked()).request.id;
    (engineer as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
    await people.until(second, "cancelled");
    expect(await isThere(id)).toBe(true);
  });

  it("is found again after the gateway was restarted, by the same command, and by no other", async () => {
    const id = await row();
    const before = await client("engineer");
    const text = `DELETE FROM prescriptions WHERE id = ${id}`;
    const lost = outcome(before.query(text));
    const { request } = await people.asked();
    await home.restartProxy();
    await lost;
    expect((await people.state(request.id)).status).toBe("open");
    expect(await approve(request.id)).toBe("approved");
    const after = await client("engineer");
    const other = outcome(after.query(`${text} `));
    const asked = await people.asked();
    expect(asked.request.id).not.toBe(request.id);
    expect(await people.answer(asked.request.id, "dba", "deny")).toBe("denied");
    expect(await other).toBe("42501");
    expect(await outcome(after.query(text))).toBe(1);
  });

  it("waits no longer than policy lets it while it keeps locks, and none is kept that need not be", async () => {
    const engineer = await client("engineer", "-c postern.approval=retry");
    const id = await row();
    await engineer.query("BEGIN");
    expect(await outcome(engineer.query("DELETE FROM prescriptions WHERE id = $1", [id]))).toBe("PA001");
    await engineer.query("ROLLBACK");
    const { request } = await people.asked();
    expect(request.mode).toBe("retry");
    expect(await outcome(engineer.query("DELETE FROM prescriptions WHERE id = $1", [id + 1]))).toBe("PA001");
    expect(await approve(request.id)).toBe("approved");
    for (const change of ["TimeZone = 'Asia/Tokyo'", "search_path = scratch, public", "lc_monetary = 'C'"]) {
      await engineer.query(`SET ${change}`);
      expect(await outcome(engineer.query("DELETE FROM prescriptions WHERE id = $1", [id])), change).toBe("PA001");
      await engineer.query("RESET ALL");
    }
    expect(await outcome(engineer.query("DELETE FROM prescriptions WHERE id = $1::bigint", [id]))).toBe("PA001");
    expect(await outcome(engineer.query("DELETE FROM prescriptions WHERE id = $1", [id]))).toBe(1);
    expect(await outcome(engineer.query("DELETE FROM prescriptions WHERE id = $1", [id]))).toBe("PA001");
  });
});

it("what is approved for a while lets the same person do the same to the same tables, and nothing else", async () => {
  const since = Date.now();
  const engineer = await client("engineer");
  const run = outcome(engineer.query(`DELETE FROM prescriptions WHERE id = ${await row()}`));
  const { request } = await people.asked(since);
  const approved = await people.postern("approve", request.id, "--as", "dba", "--window", "5", "--reason", "clean-up");
  expect(approved).toMatchObject({ code: 0, err: "" });
  expect(await run).toBe(1);
  // Another row: another command, which nobody is asked about.
  expect(await outcome(engineer.query(`DELETE FROM prescriptions WHERE id = ${await row()}`))).toBe(1);
  expect(engineer.notices).toHaveLength(1);
  const after = Date.now();
  const other = outcome(engineer.query("DELETE FROM prescriptions WHERE id = 1 AND drug = 'none'"));
  const asked = await people.asked(after);
  expect(await people.answer(asked.request.id, "dba", "deny")).toBe("denied");
  expect(await other).toBe("42501");
});

it("who breaks the glass goes ahead at once, is announced, and is reviewed by somebody else", async () => {
  const broken = await people.postern(
    "break-glass",
    "clinic",
    "--as",
    "dba",
    "--reason",
    "outage",
    "--minutes",
    "5",
    "--json",
  );
  expect(broken).toMatchObject({ code: 0, err: "" });
  const { glass } = JSON.parse(broken.out);
  const dba = await client("dba");
  expect(await outcome(dba.query(`DELETE FROM prescriptions WHERE id = ${await row()}`))).toBe(1);
  const review = (as: string) =>
    people.postern("approvals", "review", glass.id, "--as", as, "--reason", "looked at it");
  expect(await review("dba")).toMatchObject({ code: 1, err: "postern: nobody reviews what they did themselves\n" });
  expect(await review("privacy")).toMatchObject({ code: 0 });
});

it("all of it is in the evidence, and verification finds each run as it was approved", async () => {
  await vi.waitFor(async () => {
    const verified = await people.postern("verify", "--json");
    expect(JSON.parse(verified.out)).toMatchObject({ ok: true, checked: { approved: 9 } });
  });
});

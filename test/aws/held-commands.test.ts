// Commands that wait in unmodified clients for people who answer at the door on AWS: HTTP API, Lambda, DynamoDB, Step Functions.
import type pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { ApprovalState } from "#shared/approval/types.ts";
import { type Ran, runPostern } from "#test/support/approving.ts";
import { type Cloud, startCloud } from "./cloud.ts";
import { type Clinic, type HeldGateway, startClinic } from "./gateways.ts";

const STARTING = 300_000;
const RUNNING = 90_000;
/** Long enough for a machine that has much else to do. */
const soon = { timeout: 60_000, interval: 100 };

let cloud: Cloud;
let clinic: Clinic;
let gateway: HeldGateway;
let other: HeldGateway;
const clients: pg.Client[] = [];

beforeAll(async () => {
  cloud = await startCloud([], new Set());
  // What the dba asks of privacy is open for a minute: one test waits for that while the others run.
  clinic = await startClinic(cloud, (approvals) => approvals.replace("timeoutMinutes: 240", "timeoutMinutes: 1"));
  [gateway, other] = [await clinic.gateway("one"), await clinic.gateway("two")];
}, STARTING);
afterEach(async () => {
  for (const client of clients.splice(0)) await client.end().catch(() => {});
});
afterAll(async () => {
  await clinic?.stop();
  await cloud?.stop();
});

async function client(identity: string, at = gateway) {
  const connected = await at.client(identity);
  clients.push(connected);
  return connected;
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
  return (await clinic.direct.query("SELECT id FROM prescriptions ORDER BY id OFFSET $1 LIMIT 1", [next])).rows[0].id;
}

async function refills(id: number): Promise<number | undefined> {
  return (await clinic.direct.query("SELECT refills FROM prescriptions WHERE id = $1", [id])).rows[0]?.refills;
}

const known = new Set<string>();
/** The request that has come since this was asked last; waits until its people have been asked. */
function asked(group = "dba"): Promise<ApprovalState> {
  return vi.waitFor(async () => {
    const found = (await cloud.store.pending()).find(
      ({ request, status, history }) =>
        status === "open" &&
        !known.has(request.id) &&
        request.rules.needed.includes(group) &&
        history.some((change) => change.type === "notified"),
    );
    if (found === undefined) throw new Error("nobody was asked");
    known.add(found.request.id);
    return found;
  }, soon);
}

/** Somebody answers at the door. @returns the status of the request, or why it did not count */
async function answer(id: string, name: string, group: string, decision = "approve"): Promise<string> {
  const said = await fetch(`${cloud.door}/approvals/${id}/answer`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${cloud.issuer.token(name, { groups: [group] })}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({ decision, reason: "ticket 4711" }),
  });
  const { status, refused } = (await said.json()) as { status?: string; refused?: string };
  return status ?? refused ?? String(said.status);
}

/** The command line, with the door's address and a token. */
function postern(name: string, group: string, ...args: string[]): Promise<Ran> {
  const token = cloud.issuer.token(name, { groups: [group] });
  return runPostern(args, { POSTERN_ANSWERS: cloud.door, POSTERN_TOKEN: token });
}

describe("a command that needs an approval", { timeout: RUNNING }, () => {
  /** Asked for first, and looked at last. */
  let expiring: Promise<number | string | null>;
  let kept: number;

  it("is held by anybody's gateway", async () => {
    kept = await row();
    const dba = await other.client("dba");
    expiring = outcome(dba.query("DELETE FROM prescriptions WHERE id = $1", [kept])).finally(() => dba.end());
    const { request } = await asked("privacy");
    expect(request).toMatchObject({ requester: { name: "dba" }, rules: { needed: ["privacy"] } });
  });

  it("waits, is agreed to at the door, and runs once", async () => {
    const engineer = await client("engineer");
    const id = await row();
    const run = outcome(engineer.query("DELETE FROM prescriptions WHERE id = $1", [id]));
    const { request } = await asked();
    expect(await answer(request.id, "engineer", "dba")).toBe("requester");
    expect(await answer(request.id, "nora", "nurse")).toBe("not-a-member");
    expect(await refills(id)).toBeDefined();
    expect(await answer(request.id, "ada", "dba")).toBe("approved");
    expect(await run).toBe(1);
    expect(await refills(id)).toBeUndefined();
    expect(engineer.notices[0]).toContain(`this waits for the approval of dba (request ${request.id})`);
    expect((await cloud.store.get(request.id))?.status).toBe("spent");
    expect(await answer(request.id, "abe", "dba")).toBe("decided-already");
  });

  it("is denied, with a reason that whoever asked reads", async () => {
    const engineer = await client("engineer");
    const id = await row();
    const said = engineer.query(`DELETE FROM prescriptions WHERE id = ${id}`).catch((error: Error) => error.message);
    const { request } = await asked();
    expect(await answer(request.id, "ada", "dba", "deny")).toBe("denied");
    expect(await said).toBe("ada denied the approval: ticket 4711");
    expect(await refills(id)).toBeDefined();
  });

  it("is answered from the command line, by whoever the token says", async () => {
    const engineer = await client("engineer");
    const run = outcome(engineer.query(`DELETE FROM prescriptions WHERE id = ${await row()}`));
    const { request } = await asked();
    const short = request.id.slice(0, 20);
    const listed = await postern("ada", "dba", "approvals", "--json");
    expect(listed.out).toContain(request.id);
    expect(await postern("nora", "nurse", "approvals", "show", request.id)).toMatchObject({ code: 1 });
    expect((await postern("ada", "dba", "approvals", "show", short)).out).toContain("Needs     1 of dba");
    expect(await postern("engineer", "dba", "approve", short, "--reason", "mine")).toMatchObject({
      code: 1,
      err: "postern: nobody approves what they asked for themselves\n",
    });
    const approved = await postern("ada", "dba", "approve", short, "--reason", "ticket 4711");
    expect(approved).toMatchObject({ code: 0, err: "" });
    expect(approved.out).toContain("approved by ada (dba)");
    expect(await run).toBe(1);
    const elsewhere = { POSTERN_ANSWERS: "https://127.0.0.1:9", POSTERN_TOKEN: "x" };
    const shut = { code: 3, err: "postern: nobody answers at https://127.0.0.1:9\n" };
    expect(await runPostern(["approvals"], elsewhere)).toMatchObject(shut);
    expect(await runPostern(["approvals"], { ...elsewhere, POSTERN_ANSWERS: cloud.door })).toMatchObject({ code: 3 });
    expect(await runPostern(["approvals"], { ...elsewhere, POSTERN_TOKEN: "" })).toMatchObject({ code: 2 });
  });

  it("finds its request again after the gateway was started anew", async () => {
    const before = await gateway.client("engineer");
    const id = await row();
    const text = `DELETE FROM prescriptions WHERE id = ${id}`;
    const lost = outcome(before.query(text));
    const { request } = await asked();
    await gateway.stop();
    await lost;
    await before.end().catch(() => {});
    expect(await answer(request.id, "ada", "dba")).toBe("approved");
    gateway = await clinic.gateway("one");
    const after = await client("engineer");
    expect(await outcome(after.query(text))).toBe(1);
    expect((await cloud.store.get(request.id))?.status).toBe("spent");
  });

  it("runs at one of two gateways that race for the same approval", async () => {
    const id = await row();
    const start = (await refills(id)) ?? 0;
    const text = `UPDATE prescriptions SET refills = refills + 1 WHERE id = ${id}`;
    const [here, there] = [await client("engineer", gateway), await client("engineer", other)];
    const first = outcome(here.query(text));
    const { request } = await asked();
    const second = outcome(there.query(text));
    await vi.waitFor(() => expect(there.notices[0]).toContain(request.id), soon);
    expect(await answer(request.id, "ada", "dba")).toBe("approved");
    // Whoever came too late asks anew.
    const again = await asked();
    expect(await refills(id)).toBe(start + 1);
    expect(await answer(again.request.id, "ada", "dba", "deny")).toBe("denied");
    expect((await Promise.all([first, second])).sort()).toEqual([1, "42501"]);
    expect(await refills(id)).toBe(start + 1);
  });

  it("counts no answer of who has been offboarded", async () => {
    const engineer = await client("engineer");
    const run = outcome(engineer.query(`DELETE FROM prescriptions WHERE id = ${await row()}`));
    const { request } = await asked();
    await cloud.revoke("abe");
    expect(await answer(request.id, "abe", "dba")).toBe("revoked");
    expect((await cloud.store.get(request.id))?.status).toBe("open");
    expect(await answer(request.id, "ada", "dba", "deny")).toBe("denied");
    expect(await run).toBe("42501");
  });

  it("is refused while no workflow can be started, and nothing runs", async () => {
    const engineer = await client("engineer");
    const id = await row();
    const text = `DELETE FROM prescriptions WHERE id = ${id}`;
    await cloud.workflow.stop();
    try {
      expect(await outcome(engineer.query(text))).toBe("58000");
    } finally {
      await cloud.workflow.start();
    }
    expect(await refills(id)).toBeDefined();
    const run = outcome(engineer.query(text));
    expect(await answer((await asked()).request.id, "ada", "dba")).toBe("approved");
    expect(await run).toBe(1);
  });

  it("is refused when nobody answers in time", async () => {
    // approval-expired
    expect(await expiring).toBe("42501");
    expect(await refills(kept)).toBeDefined();
  });

  it("is in the evidence, as it was approved", async () => {
    await Promise.all([gateway.stop(), other.stop()]);
    const reports = await Promise.all([gateway.verify(), other.verify()]);
    expect(reports.map(({ ok }) => ok)).toEqual([true, true]);
    expect(reports.reduce((sum, { checked }) => sum + checked.approved, 0)).toBe(5);
  });
});

// What several gateways have to be for their clients: one. The same story is told at home and in a stand-in for AWS.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import type pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { apply } from "#shared/approval/apply.ts";
import type { Approver } from "#shared/approval/types.ts";
import { type FleetHome, LIMIT, startTestFleet, type TestFleet } from "./fleet.ts";
import { environment } from "./settings.ts";
import { password, request, startup, typed, WireClient } from "./wire-client.ts";

const RUNNING = 120_000;
const soon = { timeout: 40_000, interval: 50 };
const CANCEL = 80877102;
const BOSS: Approver = { kind: "person", name: "boss", issuer: "i", subject: "boss", groups: ["dba"] };
const SLEEPING =
  "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()";

/**
 * @param recovered tells the story's end: gateway 1 was killed while this session was open at it, and has not been started again
 * @param verified holds the evidence of all gateways against itself
 */
export function fleetStory(
  open: (folder: string) => Promise<FleetHome> | FleetHome,
  recovered: (fleet: TestFleet, session: string) => Promise<void>,
  verified: (fleet: TestFleet) => Promise<void>,
): void {
  let fleet: TestFleet;
  const clients: pg.Client[] = [];
  beforeAll(async () => {
    fleet = await startTestFleet(open);
  }, 400_000);
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.end().catch(() => {})));
  });
  afterAll(() => fleet?.stop());
  const client = async (name = "engineer", at?: number) => {
    const connected = await fleet.client(name, at);
    clients.push(connected);
    return connected;
  };
  const asleep = (count: number) =>
    vi.waitFor(async () => expect(Number(await fleet.direct(SLEEPING))).toBe(count), soon);
  const cancels = async (outcome: string) => {
    const each = await Promise.all(
      [0, 1, 2].map((at) => fleet.metric(at, `cancel_requests_total{outcome="${outcome}"}`)),
    );
    return each.reduce((sum, one) => sum + one, 0);
  };
  const sessions = () =>
    fleet.direct("SELECT count(*) FROM pg_stat_activity WHERE application_name ~ '^postern/[0-9a-z]{26}/'");

  describe("a request to cancel", { timeout: RUNNING }, () => {
    test("of psql (Ctrl-C) stops what runs, whichever gateway the balancer gives it to", async () => {
      const before = [await cancels("sent"), await cancels("forwarded")] as const;
      for (let i = 0; i < 4; i++) {
        const login = `host=localhost port=${fleet.balancer.port} dbname=clinic user=engineer sslmode=require`;
        const env = { ...environment(), PGPASSWORD: fleet.token("engineer") };
        const psql = spawn("psql", ["-X", login, "-c", "SELECT pg_sleep(60)"], { env });
        const ended = once(psql, "exit");
        const said = psql.stderr.toArray();
        await asleep(1);
        // The next gateway for the request; and a connection beside, so that each of the three has its turn.
        if (i === 2) (await client()).on("error", () => {});
        psql.kill("SIGINT");
        expect((await ended)[0]).toBe(1);
        expect(Buffer.concat(await said).toString()).toContain("canceling statement due to user request");
      }
      await asleep(0);
      expect((await cancels("sent")) - before[0]).toBe(4);
      expect((await cancels("forwarded")) - before[1]).toBeGreaterThanOrEqual(2);
    });

    test.each([
      { minor: 0, bytes: 4 },
      { minor: 2, bytes: 32 },
    ])(
      "with a key of $bytes bytes (3.$minor) does so from each gateway, and with a wrong one from none",
      async ({ minor, bytes }) => {
        for (const at of [0, 1, 2]) {
          const { wire, key } = await logIn(fleet, at, minor);
          expect(key.length).toBe(4 + bytes);
          for (const from of [0, 1, 2]) {
            const answer = runs(wire, "SELECT pg_sleep(60)");
            await asleep(1);
            const wrong = Buffer.from(key);
            wrong[5] = (wrong[5] as number) ^ 1;
            await cancel(fleet, from, wrong);
            await asleep(1);
            await cancel(fleet, from, key);
            expect(await answer).toBe("57014");
          }
          wire.close();
        }
      },
    );
  });

  test("all gateways together let in as many sessions of one identity as one would", { timeout: RUNNING }, async () => {
    await vi.waitFor(async () => expect(await sessions()).toBe("0"), soon);
    const tried = await Promise.allSettled(Array.from({ length: 3 * LIMIT }, () => client()));
    const refused = tried.flatMap((one) => (one.status === "rejected" ? [(one.reason as { code: string }).code] : []));
    expect([clients.length, new Set(refused)]).toEqual([LIMIT, new Set(["53300"])]);
    const live = await Promise.all([0, 1, 2].map((at) => fleet.metric(at, "sessions_live")));
    expect(live.reduce((sum, one) => sum + one, 0)).toBe(LIMIT);
    // Somebody else is not concerned.
    await client("nurse");
    await clients[0]?.end();
    await vi.waitFor(() => client(), soon);
    await expect(client()).rejects.toMatchObject({ code: "53300" });
  });

  test("an approval is spent once, wherever the command waits", { timeout: RUNNING }, async () => {
    const { approvals } = fleet.home;
    await fleet.direct("INSERT INTO drugs VALUES (7) RETURNING id");
    const held = await Promise.all([0, 1, 2].map((at) => client("engineer", at)));
    const outcomes: unknown[] = [];
    let waiting = 0;
    for (const one of held) {
      one.once("notice", () => void waiting++);
      one.query("DELETE FROM drugs WHERE id = 7").then(
        ({ rowCount }) => outcomes.push(rowCount),
        (error: { code?: string }) => outcomes.push(error.code),
      );
      // The first asks; the others find its request, and wait for the same.
      await vi.waitFor(() => expect(waiting).toBe(held.indexOf(one) + 1), soon);
    }
    expect((await approvals.pending()).map(({ status }) => status)).toEqual(["open"]);
    const answer = async (decision: "approve" | "deny") => {
      const said = { by: BOSS, decision, reason: "ticket 4711", channel: "console", authentication: "oidc" } as const;
      for (const { status, request } of await approvals.pending())
        if (status === "open") await apply(approvals, request.id, { type: "answer", at: Date.now(), answer: said });
    };
    await answer("approve");
    // One has run; the others ask anew, since the approval is gone.
    await vi.waitFor(() => expect(outcomes).toHaveLength(1), soon);
    expect(outcomes).toEqual([1]);
    await vi.waitFor(async () => {
      await answer("deny");
      expect(outcomes).toHaveLength(3);
    }, soon);
    expect(outcomes.slice(1)).toEqual(["42501", "42501"]);
  });

  test("who is revoked is out of all gateways within seconds", { timeout: RUNNING }, async () => {
    const leaving = await Promise.all([0, 1, 2, 0, 1, 2].map((at) => client("contractor", at)));
    const gone = Promise.all(leaving.map((one) => new Promise((resolve) => one.once("end", resolve))));
    const at = Date.now();
    await fleet.home.revoke("contractor");
    await gone;
    const took = Date.now() - at;
    console.log(`sessions of a revoked identity at three gateways were over after ${took} ms`);
    expect(took).toBeLessThan(10_000);
    for (const gateway of [0, 1, 2])
      await expect(client("contractor", gateway)).rejects.toMatchObject({ code: "28000" });
  });

  test("one that is killed leaves its evidence and its places to the others", { timeout: RUNNING }, async () => {
    const mine = await client("dba", 1);
    const others = await Promise.all(Array.from({ length: LIMIT - 1 }, () => client("dba", 0)));
    expect(others).toHaveLength(LIMIT - 1);
    await mine.query("SELECT 40 + 2");
    const name = await fleet.direct(
      "SELECT application_name FROM pg_stat_activity WHERE application_name LIKE 'postern/%/dba' AND query LIKE '%40 + 2%' AND pid <> pg_backend_pid()",
    );
    await expect(client("dba", 2)).rejects.toMatchObject({ code: "53300" });
    await fleet.kill(1);
    const killed = Date.now();
    await vi.waitFor(() => client("dba", 2), soon);
    console.log(`the place of a killed gateway was free after ${Date.now() - killed} ms`);
    await recovered(fleet, name.split("/")[1] ?? "");
    // Through the balancer, as if nothing had happened.
    for (let i = 0; i < 3; i++) await (await client("nurse")).query("SELECT 1");
  });

  test("the evidence of all of them holds", { timeout: RUNNING }, async () => {
    await Promise.all(clients.splice(0).map((one) => one.end()));
    await verified(fleet);
  });
}

/** What a client is told at login as its key: process id and all. */
async function logIn(fleet: TestFleet, at: number, minor: number): Promise<{ wire: WireClient; key: Buffer }> {
  const wire = await WireClient.connect(fleet.gateways[at]?.port as number);
  await wire.requestTls(fleet.ca);
  wire.send(startup({ user: "engineer", database: "clinic" }, minor));
  await wire.until("R");
  wire.send(password(fleet.token("engineer")));
  const messages = await wire.until("Z");
  const key = messages.find(({ type }) => type === "K")?.body;
  if (key === undefined) throw new Error("there was no key");
  return { wire, key };
}

/** @returns the SQLSTATE of the error that it ends with */
async function runs(wire: WireClient, sql: string): Promise<string> {
  wire.send(typed("Q", `${sql}\0`));
  const error = (await wire.until("Z")).find(({ type }) => type === "E");
  return /\0C(\w{5})\0/.exec(error?.body.toString() ?? "")?.[1] ?? "";
}

/** As a client of before PostgreSQL 17: without TLS. Resolves when the gateway has closed. */
async function cancel(fleet: TestFleet, at: number, key: Buffer): Promise<void> {
  const socket = connect(fleet.gateways[at]?.port as number, "127.0.0.1");
  socket.write(request(CANCEL, key));
  socket.resume();
  await once(socket, "close");
}

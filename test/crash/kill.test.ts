// Evidence before effect, by force: the gateway is killed at random instants under load, and the target is asked what it ran.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ensureCertificates } from "#local/certificates.ts";
import { ADMIN, type BenchDatabase, DATABASE, ROLE, runSql, startBenchDatabase } from "#test/bench/database.ts";
import { PERSON, POLICY } from "#test/bench/postern.ts";
import type { Route } from "#test/bench/route.ts";
import { type Gateway, prepareGateway } from "#test/support/gateway.ts";
import { KILLS } from "#test/support/settings.ts";
import { Counter, load } from "./load.ts";
import { executed, recorded, unrecorded } from "./oracle.ts";

/** Milliseconds of load before a kill, at most: long enough that sessions are in every phase of their life. */
const LONGEST = 700;
const CLIENTS = ["simple", "extended", "prepared", "simple", "extended", "prepared"] as const;

let folder = "";
let database: BenchDatabase;
let gateway: Gateway;
let route: Route;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "postern-crash-"));
  chmodSync(folder, 0o755);
  for (const name of ["keys", "gateway"]) mkdirSync(join(folder, name));
  const certificates = await ensureCertificates(join(folder, "keys"));
  database = await startBenchDatabase(folder, certificates, { scale: 1, rows: 0 });
  await runSql(database.route, ["CREATE TABLE executed (id integer PRIMARY KEY)"]);
  await runSql({ ...database.route, ...ADMIN }, [`ALTER ROLE ${ROLE.user} SET log_statement = 'all'`]);
  const target = { name: DATABASE, port: database.route.port, password: ROLE.password };
  gateway = await prepareGateway({ folder: join(folder, "gateway"), certificates, policy: POLICY, target });
  const password = gateway.token(PERSON.name, { ...PERSON.claims, exp: Math.floor(Date.now() / 1000) + 7200 });
  route = { name: "postern", host: "127.0.0.1", port: gateway.port, database: DATABASE, user: PERSON.name, password };
});

afterAll(async () => {
  await gateway.close();
  await database.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs load until the process is killed. */
async function killUnderLoad(counter: Counter): Promise<void> {
  const child = await gateway.start();
  const clients = CLIENTS.map((kind) => load(route, counter, kind));
  const ended = new Promise((resolve) => child.once("exit", resolve));
  await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * LONGEST));
  child.kill("SIGKILL");
  await ended;
  await Promise.all(clients);
}

test(`${KILLS} kills: every command that the target ran is in the evidence`, {
  timeout: KILLS * 15_000 + 60_000,
}, async () => {
  const counter = new Counter();
  for (let i = 0; i < KILLS; i++) await killUnderLoad(counter);

  // Once more: recovery brings what was only in the journal into the store; a quiet end closes everything.
  const child = await gateway.start();
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  expect(await ended).toBe(0);

  const target = executed(readFileSync(database.logFile, "utf8"));
  const ran = [...target.values()].reduce((sum, account) => sum + account.numbers.size + account.again, 0);
  expect(ran, "the load has to reach the target").toBeGreaterThan(KILLS * 3);
  expect(existsSync(join(gateway.state, "evidence"))).toBe(true);
  const evidence = await recorded(join(gateway.state, "evidence"));
  expect(unrecorded(target, evidence)).toEqual([]);
  console.log(`${KILLS} kills, ${ran} commands at the target, all of them in the evidence`);
});

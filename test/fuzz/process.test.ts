// The real gateway, with a client gone mad on one side or a target gone bad on the other: it does not crash, does not hang, does not grow.
import type { ChildProcess } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Certificates, ensureCertificates } from "#local/certificates.ts";
import { type BenchDatabase, DATABASE, ROLE, startBenchDatabase } from "#test/bench/database.ts";
import { PERSON, POLICY } from "#test/bench/postern.ts";
import { memory } from "#test/bench/usage.ts";
import { frontend as f } from "#test/support/fake-machine.ts";
import { type Gateway, prepareGateway } from "#test/support/gateway.ts";
import { FUZZ_SECONDS } from "#test/support/settings.ts";
import { password, request, startup, typed, WireClient } from "#test/support/wire-client.ts";
import { mangle, pick, pieces, type Random, randomFrom } from "./mangle.ts";
import { type Middleman, startMiddleman } from "./middleman.ts";

const SEED = Math.floor(Math.random() * 2 ** 31);
const WORKERS = 6;
/** The heap that the gateway has: what piles up ends the process. */
const NODE = ["--max-old-space-size=256"];
/** What resident memory of the gateway and its analysis process (heap of its own, thrown away when it is full) may grow by, MB. */
const ROOM = 700;
const LIMIT = { timeout: FUZZ_SECONDS * 1000 + 60_000 };

let folder = "";
let certificates: Certificates;
let database: BenchDatabase;
let middleman: Middleman;
let gateway: Gateway;
let child: ChildProcess;
let ca = "";
let token = "";

beforeAll(async () => {
  console.log(`seed ${SEED}`);
  folder = mkdtempSync(join(tmpdir(), "postern-fuzz-"));
  chmodSync(folder, 0o755);
  for (const name of ["keys", "gateway"]) mkdirSync(join(folder, name));
  certificates = await ensureCertificates(join(folder, "keys"));
  ca = readFileSync(certificates.caFile, "utf8");
  database = await startBenchDatabase(folder, certificates, { scale: 1, rows: 1000 });
  middleman = await startMiddleman(database.route.port, certificates.postgres, "/victim", randomFrom(SEED));
  const target = { name: DATABASE, port: middleman.port, password: ROLE.password };
  gateway = await prepareGateway({ folder: join(folder, "gateway"), certificates, policy: POLICY, target, node: NODE });
  token = gateway.token(PERSON.name, PERSON.claims);
  child = await gateway.start();
});

afterAll(async () => {
  if (child !== undefined && !alive())
    console.log(
      `the gateway ended: ${child.exitCode ?? child.signalCode}\n${readFileSync(gateway.log, "utf8").slice(-3000)}`,
    );
  child?.kill("SIGTERM");
  await gateway?.close();
  await middleman?.close();
  await database?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Out of memory, it would end by a signal. */
const alive = () => child.exitCode === null && child.signalCode === null;

/** Repeats something in several places at once until time is up, while somebody else goes on working normally. */
async function underWatch(attempt: (random: Random) => Promise<void>): Promise<{ attempts: number; controls: number }> {
  await control();
  const idle = memory(child.pid ?? 0).now;
  const until = Date.now() + FUZZ_SECONDS * 1000;
  let attempts = 0;
  let controls = 0;
  const work = async (random: Random) => {
    for (; Date.now() < until; attempts++) await attempt(random).catch(failed("an attempt"));
  };
  const watch = async () => {
    for (; Date.now() < until; controls++) {
      await control().catch(failed("the well-behaved client"));
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  };
  await Promise.all([watch(), ...Array.from({ length: WORKERS }, (_, i) => work(randomFrom(SEED + i)))]);
  await control();
  expect(alive(), "the gateway has to be alive").toBe(true);
  await expect.poll(liveSessions, { timeout: 15_000 }).toBe(0);
  expect(memory(child.pid ?? 0).now - idle).toBeLessThan(ROOM);
  return { attempts, controls };
}

async function expectReady(client: WireClient): Promise<void> {
  const last = (await client.until("Z")).at(-1);
  if (last?.type !== "Z")
    throw new Error(`a good login was refused: ${last?.body.toString("latin1").replaceAll("\0", " ") ?? "no answer"}`);
}

/** Says who failed, and whether the gateway was there. */
const failed = (who: string) => (cause: unknown) => {
  const log = readFileSync(gateway.log, "utf8").slice(-1000);
  throw new Error(`${who} failed, the gateway ${alive() ? "lives" : "is dead"}: ${cause}\n${log}`, { cause });
};

/** A well-behaved client of the same gateway, at the same time. */
async function control(): Promise<void> {
  const client = new pg.Client({
    ...connection(PERSON.name, token),
    query_timeout: 10_000,
    connectionTimeoutMillis: 10_000,
  });
  await client.connect();
  const { rows } = await client.query("SELECT count(*)::int AS n FROM people_open");
  await client.end();
  expect(rows).toEqual([{ n: 1000 }]);
}

function connection(user: string, secret: string) {
  return { host: "localhost", port: gateway.port, database: DATABASE, user, password: secret, ssl: { ca } };
}

async function liveSessions(): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${gateway.admin}/metrics`)).text();
  return Number(/^postern_sessions_live (\d+)$/m.exec(text)?.[1] ?? Number.NaN);
}

const SQL = [
  "SELECT id, name, ssn FROM people ORDER BY id LIMIT 20",
  "SELECT * FROM people_open LIMIT 50",
  "COPY people TO STDOUT",
  "COPY pgbench_history FROM STDIN",
  "BEGIN",
  "ROLLBACK",
  "SELECT 1; SELECT 2; SELECT 1/0",
  "DECLARE c CURSOR FOR SELECT name FROM people",
  "FETCH 5 FROM c",
  "PREPARE p AS SELECT $1::int",
  "EXECUTE p(1)",
  "SET search_path = pg_catalog",
  "SELECT 'unfinished",
  "",
];
const FRAMES: readonly Buffer[] = [
  ...SQL.map((text) => f.query(text)),
  ...SQL.map((text) => f.run(text)),
  f.parse("s", "SELECT $1::text"),
  f.bind("p", "s", ["x"]),
  f.bind("", "s", ["x"], true),
  f.describe("S", "s"),
  f.describe("P", "p"),
  f.execute("p", 1),
  f.execute("", 0),
  f.close("S", "s"),
  f.close("P", "p"),
  f.sync,
  f.sync,
  f.flush,
  f.copyData("1\t2\n"),
  f.copyDone,
  f.copyFail("no"),
  typed("F", Buffer.alloc(12)),
  typed("p", "again\0"),
  typed("d", Buffer.alloc(70_000)),
  request(80877102, Buffer.alloc(8)),
  f.terminate,
];

async function madClient(random: Random): Promise<void> {
  const client = await WireClient.connect(gateway.port);
  try {
    const spoilt = random() < 0.2;
    await client.requestTls(ca);
    const hello = [startup({ user: PERSON.name, database: DATABASE }), password(token)];
    if (spoilt) for (const part of hello) client.send(mangle(part, random));
    else {
      for (const part of hello) client.send(part);
      await expectReady(client);
    }
    for (let batches = Math.ceil(random() * 6); batches > 0; batches--) {
      const frames = Buffer.concat(Array.from({ length: Math.ceil(random() * 12) }, () => pick(random, FRAMES)));
      for (const piece of pieces(random() < 0.7 ? mangle(frames, random) : frames, random)) client.send(piece);
      await new Promise((resolve) => setTimeout(resolve, random() * 30));
    }
  } finally {
    client.close();
  }
}

test(`a client gone mad, ${FUZZ_SECONDS} s`, LIMIT, async () => {
  const { attempts, controls } = await underWatch(madClient);
  console.log(`${attempts} mad clients, ${controls} good ones in between`);
  expect(attempts).toBeGreaterThan(FUZZ_SECONDS * 2);
});

const ONE = ["SELECT id, name, ssn, born FROM people", "SELECT * FROM people_open", "SELECT 1/0"];
const ASKED = [...ONE, "COPY people_open TO STDOUT", "SELECT 1; SELECT 2"];

async function unluckyClient(random: Random): Promise<void> {
  const client = await WireClient.connect(gateway.port);
  try {
    await client.requestTls(ca);
    client.send(startup({ user: "victim", database: DATABASE }));
    client.send(password(gateway.token("victim", PERSON.claims)));
    await expectReady(client);
    for (let i = 0; i < 10; i++) {
      client.send(random() < 0.5 ? f.query(pick(random, ASKED)) : Buffer.concat([f.run(pick(random, ONE)), f.sync]));
      await new Promise((resolve) => setTimeout(resolve, random() * 30));
    }
    // What a spoilt answer becomes is the gateway's choice, as long as it goes on serving others.
  } finally {
    client.close();
  }
}

test(`a target gone bad, ${FUZZ_SECONDS} s`, LIMIT, async () => {
  const { attempts, controls } = await underWatch(unluckyClient);
  console.log(`${middleman.mangled()} spoilt answers to ${attempts} clients, ${controls} good ones in between`);
  expect(middleman.mangled()).toBeGreaterThan(FUZZ_SECONDS * 2);
});

// What it costs to hold commands for approvals: `node test/bench/hold.ts [commands]`. Memory and the latency of another session while they
// wait, compared with as many idle sessions; and how soon each client has its answer once somebody has agreed.
import {
  appendFileSync,
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { ensureCertificates } from "#local/certificates.ts";
import { LocalApprovalStore } from "#proxy/adapters/local-approval-store.ts";
import { apply } from "#shared/approval/apply.ts";
import type { Approver } from "#shared/approval/types.ts";
import { prepareGateway } from "#test/support/gateway.ts";
import { DATABASE, ROLE, startBenchDatabase } from "./database.ts";
import { PERSON, POLICY } from "./postern.ts";
import { memory } from "./usage.ts";

const count = Number(process.argv[2] ?? 500);
/** Logins at the same time. */
const ABREAST = 10;
/** Between two answers. */
const BETWEEN_MS = 10;
const ROUND_TRIPS = 1000;
const APPROVER: Approver = { kind: "person", name: "boss", issuer: "i", subject: "boss", groups: ["boss"] };

const folder = mkdtempSync(join(tmpdir(), "postern-hold-"));
chmodSync(folder, 0o755);
for (const name of ["keys", "gateway"]) mkdirSync(join(folder, name));
const certificates = await ensureCertificates(join(folder, "keys"));
const database = await startBenchDatabase(folder, certificates, { scale: 1, rows: count }, count + 50);
try {
  console.log(JSON.stringify(await bench()));
} finally {
  await database.stop();
  rmSync(folder, { recursive: true, force: true });
}

/** The bench's policy, and: whoever deletes a person's row needs the approval of a boss. */
function policy(): string {
  const made = join(folder, "policy");
  cpSync(POLICY, made, { recursive: true });
  appendFileSync(
    join(made, "access.cedar"),
    `@id("held") @approval("boss") permit (principal in Group::"bench", action == Action::"delete", resource in Target::"bench")
when { resource is Relation && resource.phi };`,
  );
  const targets = readFileSync(join(made, "targets.yaml"), "utf8");
  writeFileSync(join(made, "targets.yaml"), targets.replaceAll(": 200", `: ${count + 50}`));
  writeFileSync(
    join(made, "approvals.yaml"),
    "groups: { boss: { quorum: 1, channels: [console], timeoutMinutes: 60 } }\ngrants: { once: { validMinutes: 15 } }\n",
  );
  return made;
}

async function bench(): Promise<object> {
  const target = { name: DATABASE, port: database.route.port, password: ROLE.password };
  const sessions = count + 50;
  const gateway = await prepareGateway({
    folder: join(folder, "gateway"),
    certificates,
    policy: policy(),
    target,
    sessions,
  });
  const child = await gateway.start();
  const pid = child.pid as number;
  const store = new LocalApprovalStore(join(gateway.state, "index.db"), 5000);
  const password = gateway.token(PERSON.name, PERSON.claims);
  const ssl = { ca: readFileSync(certificates.caFile, "utf8") };
  const connected = async () => {
    const client = new pg.Client({
      host: "localhost",
      port: gateway.port,
      user: PERSON.name,
      database: DATABASE,
      password,
      ssl,
    });
    client.on("error", () => {});
    await client.connect();
    return client;
  };
  try {
    const other = await connected();
    const clients: pg.Client[] = [];
    while (clients.length < count)
      clients.push(
        ...(await Promise.all(Array.from({ length: Math.min(ABREAST, count - clients.length) }, connected))),
      );
    await roundTrips(other);
    // Analysed once: all of them at the same time would be a bench of the parser.
    const first = other.query("DELETE FROM people WHERE id = 0");
    await until(async () => (await store.pending()).length === 1);
    await approveAll(store);
    await first;
    const idle = { latency: await roundTrips(other), megabytes: memory(pid).now };

    /** When the command of a request was answered. */
    const answered = new Map<string, number>();
    const run = async (client: pg.Client, i: number) => {
      let id = "";
      client.once("notice", ({ message }) => {
        id = /request (\w+)/.exec(message ?? "")?.[1] ?? "";
      });
      const { rowCount } = await client.query(`DELETE FROM people WHERE id = ${i + 1}`);
      if (rowCount !== 1) throw new Error("not one row");
      answered.set(id, Date.now());
    };
    const runs: Promise<void>[] = [];
    while (runs.length < count) {
      for (const client of clients.slice(runs.length, runs.length + ABREAST)) runs.push(run(client, runs.length));
      await Promise.race([until(async () => (await store.pending()).length === runs.length), Promise.all(runs)]);
    }
    const all = Promise.all(runs);
    all.catch(() => {});
    const held = { latency: await roundTrips(other), megabytes: memory(pid).now };

    await approveAll(store);
    await all;
    const waited = await waits(store, answered);
    for (const client of [other, ...clients]) await client.end();
    return {
      commands: count,
      idle,
      held,
      answerMs: waited,
      ratios: {
        held_memory: round(held.megabytes / idle.megabytes),
        held_latency_p50: round(held.latency.p50 / idle.latency.p50),
        held_latency_p99: round(held.latency.p99 / idle.latency.p99),
      },
    };
  } finally {
    store.close();
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await ended;
    await gateway.close();
  }
}

async function approveAll(store: LocalApprovalStore): Promise<void> {
  const answer = {
    by: APPROVER,
    decision: "approve",
    reason: "bench",
    channel: "console",
    authentication: "oidc",
  } as const;
  for (const { request } of await store.pending()) {
    await apply(store, request.id, { type: "answer", at: Date.now(), answer });
    // People answer one by one, and the clients of this process have to be heard meanwhile.
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS));
  }
}

/** Milliseconds from each approval, as the store has it, to the answer at its own client. */
async function waits(store: LocalApprovalStore, answered: ReadonlyMap<string, number>) {
  const all: number[] = [];
  for (const [id, at] of answered) {
    const approved = (await store.get(id))?.history.find((change) => change.type === "approved");
    all.push(at - (approved?.at ?? 0));
  }
  return quantiles(all);
}

/** Microseconds of `SELECT 1`, one after the other. */
async function roundTrips(client: pg.Client) {
  const times: number[] = [];
  for (let i = 0; i < ROUND_TRIPS; i++) {
    const start = performance.now();
    await client.query("SELECT 1");
    times.push((performance.now() - start) * 1000);
  }
  return quantiles(times);
}

function quantiles(values: readonly number[]) {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (q: number) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0);
  return { p50: at(0.5), p99: at(0.99), max: Math.round(sorted.at(-1) ?? 0) };
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 100));
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

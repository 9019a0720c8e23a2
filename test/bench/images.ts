// What it costs to keep the rows before and after: `node test/bench/images.ts [seconds]`. UPDATEs of one row by its key, to the database itself and
// through gateways with images off and on, taking turns, so that whatever else the machine does is done to all three.
import { appendFileSync, chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { ensureCertificates } from "#local/certificates.ts";
import { prepareGateway } from "#test/support/gateway.ts";
import { DATABASE, ROLE, startBenchDatabase } from "./database.ts";
import { PERSON, POLICY } from "./postern.ts";

const seconds = Number(process.argv[2] ?? 8);
const ROWS = 100_000;
const SESSIONS = [1, 8];
const WRITES = `@id("bench-writes-phi") permit (principal in Group::"bench", action in [Action::"write", Action::"search"], resource in Target::"bench");`;
const TEXT = "UPDATE people SET score = score + 1 WHERE id = ";

const folder = mkdtempSync(join(tmpdir(), "postern-images-"));
chmodSync(folder, 0o755);
for (const name of ["keys", "off", "on"]) mkdirSync(join(folder, name));
const certificates = await ensureCertificates(join(folder, "keys"));
const database = await startBenchDatabase(folder, certificates, { scale: 1, rows: ROWS }, 50);
const ssl = { ca: readFileSync(certificates.caFile, "utf8") };
const gateways = [await startGateway("off"), await startGateway("on")];
try {
  const direct = { port: database.route.port, user: ROLE.user, password: ROLE.password };
  const admin = await connected(direct);
  await admin.query("ALTER TABLE people ADD PRIMARY KEY (id)");
  await admin.end();
  const [off, on] = gateways.map(({ login }) => login) as [Login, Login];
  console.log(JSON.stringify(await measured({ direct, off, on })));
} finally {
  for (const gateway of gateways) await gateway.stop();
  await database.stop();
  rmSync(folder, { recursive: true, force: true });
}

interface Login {
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

async function connected(login: Login): Promise<pg.Client> {
  const client = new pg.Client({ host: "localhost", database: DATABASE, ssl, ...login });
  await client.connect();
  return client;
}

async function startGateway(images: "on" | "off"): Promise<{ readonly login: Login; stop(): Promise<void> }> {
  const policy = join(folder, images, "policy");
  cpSync(POLICY, policy, { recursive: true });
  appendFileSync(join(policy, "access.cedar"), WRITES);
  if (images === "off") appendFileSync(join(policy, "targets.yaml"), "  images: off\n");
  const target = { name: DATABASE, port: database.route.port, password: ROLE.password };
  const gateway = await prepareGateway({ folder: join(folder, images), certificates, policy, target });
  const child = await gateway.start();
  const stop = async () => {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await ended;
    await gateway.close();
  };
  const password = gateway.token(PERSON.name, PERSON.claims);
  return { login: { port: gateway.port, user: PERSON.name, password }, stop };
}

/** Median of one command in microseconds, by protocol and number of sessions, for each way. */
async function measured(ways: Readonly<Record<string, Login>>): Promise<object> {
  const found: Record<string, Record<string, number>> = {};
  for (const protocol of ["simple", "extended"] as const)
    for (const sessions of SESSIONS) {
      const times = Object.keys(ways).map((): number[] => []);
      const until = performance.now() + seconds * 1000;
      const run = async () => {
        const clients = await Promise.all(Object.values(ways).map(connected));
        while (performance.now() < until)
          for (const [way, client] of clients.entries()) {
            const id = 1 + Math.floor(Math.random() * ROWS);
            const start = performance.now();
            await client.query(protocol === "simple" ? TEXT + id : { name: "update", text: `${TEXT}$1`, values: [id] });
            times[way]?.push(performance.now() - start);
          }
        await Promise.all(clients.map((client) => client.end()));
      };
      await Promise.all(Array.from({ length: sessions }, run));
      const median = (all: readonly number[]) =>
        Math.round((all.toSorted((a, b) => a - b)[all.length >> 1] ?? 0) * 1000);
      found[`${protocol}, ${sessions}`] = Object.fromEntries(
        Object.keys(ways).map((way, i) => [way, median(times[i] ?? [])]),
      );
    }
  return found;
}

// What it costs to keep the rows before and after: `node test/bench/images.ts [seconds]`. UPDATEs of one row by its key, to the database itself and
// through gateways with images off and on, one after the other in each session.
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
import { prepareGateway } from "#test/support/gateway.ts";
import { DATABASE, ROLE, startBenchDatabase } from "./database.ts";
import { PERSON, POLICY } from "./postern.ts";

const seconds = Number(process.argv[2] ?? 8);
const ROWS = 100_000;
const CLIENTS = [1, 8];
const WRITES = `@id("bench-writes-phi") permit (principal in Group::"bench", action in [Action::"write", Action::"search"], resource in Target::"bench");`;
const TEXT = "UPDATE people SET score = score + 1 WHERE id = ";

const folder = mkdtempSync(join(tmpdir(), "postern-images-"));
chmodSync(folder, 0o755);
for (const name of ["keys", "off", "on"]) mkdirSync(join(folder, name));
const certificates = await ensureCertificates(join(folder, "keys"));
const database = await startBenchDatabase(folder, certificates, { scale: 1, rows: ROWS }, 50);
const ssl = { ca: readFileSync(certificates.caFile, "utf8") };
try {
  const direct = { port: database.route.port, user: ROLE.user, password: ROLE.password };
  const admin = await connected(direct);
  await admin.query("ALTER TABLE people ADD PRIMARY KEY (id)");
  await admin.end();
  console.log(JSON.stringify({ direct: await measured(direct), off: await through("off"), on: await through("on") }));
} finally {
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

async function through(images: "on" | "off"): Promise<object> {
  const policy = join(folder, images, "policy");
  cpSync(POLICY, policy, { recursive: true });
  const targets = readFileSync(join(policy, "targets.yaml"), "utf8");
  appendFileSync(join(policy, "access.cedar"), WRITES);
  if (images === "off") writeFileSync(join(policy, "targets.yaml"), `${targets}  images: off\n`);
  const target = { name: DATABASE, port: database.route.port, password: ROLE.password };
  const gateway = await prepareGateway({ folder: join(folder, images), certificates, policy, target });
  const child = await gateway.start();
  try {
    const password = gateway.token(PERSON.name, PERSON.claims);
    return await measured({ port: gateway.port, user: PERSON.name, password });
  } finally {
    child.kill();
    await gateway.close();
  }
}

/** Commands per second, and the median of one in microseconds, by protocol and number of sessions. */
async function measured(login: Login): Promise<object> {
  const found: Record<string, object> = {};
  for (const protocol of ["simple", "extended"] as const)
    for (const clients of CLIENTS) {
      const times: number[] = [];
      const until = performance.now() + seconds * 1000;
      const run = async () => {
        const client = await connected(login);
        while (performance.now() < until) {
          const id = 1 + Math.floor(Math.random() * ROWS);
          const start = performance.now();
          await client.query(protocol === "simple" ? TEXT + id : { name: "update", text: `${TEXT}$1`, values: [id] });
          times.push(performance.now() - start);
        }
        await client.end();
      };
      await Promise.all(Array.from({ length: clients }, run));
      const median = times.toSorted((a, b) => a - b)[times.length >> 1] as number;
      found[`${protocol} ${clients}`] = {
        perSecond: Math.round(times.length / seconds),
        medianMicros: Math.round(median * 1000),
      };
    }
  return found;
}

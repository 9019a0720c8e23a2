// What grows with sessions and with commands: `node test/bench/sessions.ts [sessions] [commands]` logs so many sessions in at a gateway, lets each run
// so many commands, and says what a session takes of memory, idle and after its commands, and what is left of it in the evidence. One JSON object.
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { ensureCertificates } from "#local/certificates.ts";
import { prepareGateway } from "#test/support/gateway.ts";
import { DATABASE, ROLE, startBenchDatabase } from "./database.ts";
import { PERSON, POLICY } from "./postern.ts";
import { cpuSeconds, memory } from "./usage.ts";

const count = Number(process.argv[2] ?? 200);
const commands = Number(process.argv[3] ?? 100);
/** At the same time. */
const ABREAST = 16;
const LANES = ["events", "recordings", "sealed"] as const;

const folder = mkdtempSync(join(tmpdir(), "postern-sessions-"));
chmodSync(folder, 0o755);
for (const name of ["keys", "gateway"]) mkdirSync(join(folder, name));
const certificates = await ensureCertificates(join(folder, "keys"));
const database = await startBenchDatabase(folder, certificates, { scale: 1, rows: 1000 }, count + 20);
try {
  console.log(JSON.stringify(await bench()));
} finally {
  await database.stop();
  rmSync(folder, { recursive: true, force: true });
}

function policy(): string {
  const made = join(folder, "policy");
  cpSync(POLICY, made, { recursive: true });
  const targets = readFileSync(join(made, "targets.yaml"), "utf8");
  writeFileSync(join(made, "targets.yaml"), targets.replaceAll(": 200", `: ${count + 20}`));
  return made;
}

async function bench(): Promise<object> {
  const gateway = await prepareGateway({
    folder: join(folder, "gateway"),
    certificates,
    policy: policy(),
    target: { name: DATABASE, port: database.route.port, password: ROLE.password },
    sessions: count + 20,
  });
  const child = await gateway.start();
  const pid = child.pid as number;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const connected = async () => {
    const client = new pg.Client({
      host: "localhost",
      port: gateway.port,
      user: PERSON.name,
      database: DATABASE,
      password: gateway.token(PERSON.name, PERSON.claims),
      ssl: { ca: readFileSync(certificates.caFile, "utf8") },
    });
    client.on("error", () => {});
    await client.connect();
    return client;
  };
  try {
    // What the first sessions make once is not a session's.
    for (const one of await Promise.all(Array.from({ length: ABREAST }, connected))) {
      await one.query("SELECT id, name FROM people WHERE id = 1");
      await one.end();
    }
    const empty = memory(pid).now;
    const clients: pg.Client[] = [];
    const logins = await timed(pid, async () => {
      while (clients.length < count)
        clients.push(
          ...(await Promise.all(Array.from({ length: Math.min(ABREAST, count - clients.length) }, connected))),
        );
    });
    const idle = memory(pid).now;
    const runs = await timed(pid, async () => {
      const waiting = [...clients];
      const worker = async () => {
        for (let client = waiting.pop(); client !== undefined; client = waiting.pop())
          for (let i = 0; i < commands; i++) await client.query("SELECT id, name FROM people WHERE id = $1", [i + 1]);
      };
      await Promise.all(Array.from({ length: ABREAST }, worker));
    });
    const used = memory(pid).now;
    const before = stored(gateway.state);
    for (const client of clients) await client.end();
    child.kill("SIGTERM");
    await ended;
    const after = stored(gateway.state);
    return {
      sessions: count,
      commands,
      memoryMegabytes: { empty: round(empty), idle: round(idle), afterCommands: round(used) },
      kilobytesOfSession: {
        idle: round(((idle - empty) * 1024) / count),
        afterCommands: round(((used - empty) * 1024) / count),
      },
      loginsPerSecond: round(count / logins.seconds),
      cpuMillisecondsOfLogin: round((logins.cpu * 1000) / count),
      commandsPerSecond: round((count * commands) / runs.seconds),
      cpuMicrosecondsOfCommand: round((runs.cpu * 1e6) / (count * commands)),
      evidence: Object.fromEntries(
        LANES.map((lane) => [
          lane,
          {
            objectsOfSession: round(after[lane].objects / (count + ABREAST)),
            bytesOfCommand: round(after[lane].bytes / (count * commands)),
          },
        ]),
      ),
      storedWhileOpen: before.events.objects,
    };
  } finally {
    child.kill("SIGKILL");
    await gateway.close();
  }
}

function stored(state: string): Record<(typeof LANES)[number], { objects: number; bytes: number }> {
  const of = (lane: string) => {
    const root = join(state, "evidence", lane);
    const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const bytes = files.reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
    return { objects: files.length, bytes };
  };
  const safely = (lane: string) => {
    try {
      return of(lane);
    } catch {
      return { objects: 0, bytes: 0 };
    }
  };
  return { events: safely("events"), recordings: safely("recordings"), sealed: safely("sealed") };
}

async function timed(
  pid: number,
  work: () => Promise<void>,
): Promise<{ readonly seconds: number; readonly cpu: number }> {
  const cpu = cpuSeconds(pid);
  const begin = performance.now();
  await work();
  return { seconds: (performance.now() - begin) / 1000, cpu: cpuSeconds(pid) - cpu };
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}

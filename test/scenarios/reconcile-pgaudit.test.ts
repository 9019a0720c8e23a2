// The same as test/scenarios/reconcile.test.ts by the audit of a real pgaudit, in each format of the server's log and as CloudWatch gives it out:
// nothing is found of what came through the gateway, and everything of what did not.
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CsvRows } from "#shared/reconcile/postgres-log.ts";
import { type Audited, PREFIX, startAudited } from "#test/support/pgaudit.ts";
import { ROOT } from "#test/support/project.ts";
import { environment } from "#test/support/settings.ts";

const STARTING = 400_000;
const RUNNING = 200_000;

let clinic: Audited;
beforeAll(async () => {
  clinic = await startAudited();
}, STARTING);
afterAll(() => clinic?.stop());

interface Outcome {
  readonly code: number;
  readonly found: readonly (readonly [string, number, string])[];
  readonly totals: { readonly commands: number; readonly sessions: number; readonly expected: Record<string, number> };
  readonly out: string;
}

function reconcile(...more: string[]): Promise<Outcome> {
  const env = { ...environment(), POSTERN_STATE: clinic.state };
  const expected = ["--expect", "backup@127.0.0.1", "postgres"];
  const args = ["reconcile", "clinic", "--json", "--policy", clinic.policy, ...expected, ...more];
  return new Promise((resolve, reject) => {
    execFile(join(ROOT, "cli/postern.mjs"), args, { env, maxBuffer: 64 << 20 }, (error, out, err) => {
      if (err !== "") return reject(new Error(err));
      const lines = out
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
      const found = lines.slice(0, -1).map(({ kind, count, text }) => [kind, count, text] as const);
      resolve({ code: error === null ? 0 : Number(error.code), found, totals: lines.at(-1), out });
    });
  });
}

/** As CloudWatch has the same lines: events of a stream, objects of an export, both compressed. */
function exported(log: string): readonly string[] {
  const events = readFileSync(log, "utf8")
    .trimEnd()
    .split(/\n(?!\t)/)
    .map((message, i) => ({
      logStreamName: "clinic-1.0",
      timestamp: Date.now(),
      message,
      ingestionTime: 1,
      eventId: String(i),
    }));
  const cli = `${log}.events.json`;
  writeFileSync(cli, JSON.stringify({ events, searchedLogStreams: [] }, null, 4));
  const object = `${log}.000000.gz`;
  const time = new Date().toISOString();
  writeFileSync(object, gzipSync(events.map(({ message }) => `${time} ${message}\n`).join("")));
  const firehose = `${log}.firehose`;
  const record = (some: typeof events) => ({
    messageType: "DATA_MESSAGE",
    owner: "1",
    logGroup: "g",
    logStream: "clinic-1.0",
    logEvents: some,
  });
  writeFileSync(
    firehose,
    gzipSync(JSON.stringify(record(events.slice(0, 9))) + JSON.stringify(record(events.slice(9)))),
  );
  return [cli, object, firehose];
}

/** As a database activity stream would say it, whose fields pgaudit's are a part of: over two files, in no order. */
function activity(log: string): readonly string[] {
  const events = readFileSync(log, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line))
    .flatMap(({ message, timestamp, user, dbname, application_name, remote_host, session_id, pid }) => {
      const row = /^AUDIT: /.test(message) ? new CsvRows().push(`${message.slice(7)}\n`)[0] : undefined;
      if (row === undefined) return [];
      const [, statement, substatement, kind, command, objectType, objectName, commandText] = row;
      const ids = { statementId: Number(statement), substatementId: Number(substatement), class: kind };
      const who = {
        dbUserName: user,
        databaseName: dbname,
        remoteHost: remote_host,
        clientApplication: application_name,
      };
      const where = { sessionId: session_id, pid, serverType: "PostgreSQL", type: "record" };
      const logTime = timestamp.replace(" UTC", "000+00");
      return [{ ...where, ...who, ...ids, logTime, command, objectType, objectName, commandText, paramList: [] }];
    });
  const shuffled = events.map((event, i) => ({ event, key: (i * 7919) % 1009 })).sort((a, b) => a.key - b.key);
  const half = (which: number) => shuffled.filter((_, i) => i % 2 === which).map(({ event }) => event);
  const list = (databaseActivityEventList: readonly object[]) => ({
    type: "DatabaseActivityMonitoringRecord",
    clusterId: "cluster-A",
    databaseActivityEventList,
  });
  const heartbeat = { logTime: "2026-11-20 14:00:00.000000+00", type: "heartbeat" };
  const databaseActivityEvents = list([...half(0), heartbeat]);
  const envelope = { type: "DatabaseActivityMonitoringRecords", version: "1.1", databaseActivityEvents, key: "" };
  const files = [`${log}.envelope`, `${log}.lists.gz`] as const;
  writeFileSync(files[0], JSON.stringify(envelope, null, 2));
  writeFileSync(
    files[1],
    gzipSync(
      half(1)
        .map((event) => JSON.stringify(list([event])))
        .join(""),
    ),
  );
  return files;
}

/** Each account by itself. */
async function everywhere(saying: string): Promise<{ readonly name: string; readonly outcome: Outcome }[]> {
  const stderr = await clinic.log("log", saying);
  const json = await clinic.log("json", saying);
  const logs = [await clinic.log("csv", saying), json, stderr, ...exported(stderr)];
  const outcomes = [{ name: "activity", outcome: await reconcile("--activity", ...activity(json)) }];
  for (const name of logs) outcomes.push({ name, outcome: await reconcile("--prefix", PREFIX, "--log", name) });
  return outcomes;
}

test(
  "what came through the gateway is in the evidence, however it is audited",
  async () => {
    const client = await clinic.client("engineer");
    await client.query("SELECT count(*) FROM drugs");
    await client.query(
      "SELECT d.name, s.note FROM drugs d\n  JOIN scratch.doses s ON s.drug = d.id WHERE d.name <> 'two\nlines, \"quoted\"';",
    );
    await client.query("SELECT 1; SELECT count(*) FROM drugs; /* one; more */ SELECT ';'");
    for (const id of [1, 2, 3]) {
      await client.query({ name: "again", text: "SELECT name FROM drugs WHERE id = $1", values: [id] });
      // A trigger and a foreign key run statements of their own.
      await client.query("INSERT INTO scratch.doses VALUES ($1, $2, $3)", [id, id, `note ${id}, "said"`]);
    }
    await client.query("PREPARE q(int) AS SELECT name FROM drugs WHERE id = $1");
    await client.query("EXECUTE q(1)");
    await client.query("EXECUTE q(2)");
    await client.query("BEGIN; DECLARE c CURSOR FOR SELECT name FROM drugs; FETCH 1 FROM c; COMMIT");
    await client.query("BEGIN");
    await client.query("UPDATE drugs SET name = 'x' WHERE id = 1");
    await client.query("ROLLBACK");
    await client.query("UPDATE patients SET full_name = 'Other' WHERE id = 2");
    await client.query("SELECT 1/0").catch(() => {});
    await client.query("SET application_name = 'mine'");
    await client.query("SELECT id, ssn FROM patients ORDER BY id");
    await client.end();
    const backup = await clinic.direct("backup", "pg_dump");
    await backup.query("SELECT 'the last of the innocent', count(*) FROM drugs");
    await backup.end();
    for (const { name, outcome } of await everywhere("the last of the innocent")) {
      expect(outcome.found, name).toEqual([]);
      expect(outcome.code, name).toBe(0);
      expect(outcome.totals.sessions, name).toBe(1);
      expect(outcome.totals.expected, name).toMatchObject({ "backup@127.0.0.1": 1 });
      expect(outcome.totals.commands, name).toBeGreaterThan(20);
    }
  },
  RUNNING,
);

test(
  "what went around it is found in each of them",
  async () => {
    const client = await clinic.client("engineer");
    await client.query("SELECT count(*) FROM scratch.doses");
    const session = (await client.query("SELECT split_part(current_setting('application_name'), '/', 2) AS id")).rows[0]
      .id;
    const borrowed = await clinic.direct("postern_gateway", `postern/${session}/engineer`);
    // What the session has run itself, and what it has not, in what it hides in.
    await borrowed.query("SELECT count(*) FROM scratch.doses");
    await borrowed.query("DO $$ BEGIN PERFORM ssn FROM patients WHERE ssn = '900-00-0001'; END $$");
    await borrowed.end();
    await client.end();
    const own = await clinic.direct("postern_gateway", "LOG:  AUDIT: SESSION,1,1,READ,SELECT,,,SELECT 1,<none>");
    await own.query("SELECT 1");
    await own.query("SELECT ssn FROM patients WHERE id = 3");
    await own.end();
    for (const { name, outcome } of await everywhere("SELECT ssn FROM patients WHERE id = 3")) {
      const { code, found, out } = outcome;
      expect(code, name).toBe(1);
      // It is named by what the other connection ran first: of records in no order and of one moment, that may be either.
      expect(
        found.some(([kind, connections]) => kind === "borrowed" && connections === 2),
        name,
      ).toBe(true);
      expect(found, name).toContainEqual(["unrecorded", 1, "SELECT count(*) FROM scratch.doses"]);
      expect(
        found.some(([kind, , text]) => kind === "unrecorded" && text.startsWith("DO")),
        name,
      ).toBe(true);
      expect(
        found.some(([kind, , text]) => kind === "unknown-session" && text.includes("SELECT ssn FROM patients")),
        name,
      ).toBe(true);
      expect(out, name).not.toContain("900-00");
    }
  },
  RUNNING,
);

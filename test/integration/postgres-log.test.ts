// The target's log in all three of its formats, as a real server writes them: each says the same commands, without their literals.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ensureCertificates } from "#local/certificates.ts";
import type { Logged, LoggedCommand } from "#shared/reconcile/logged.ts";
import { CsvRows, fromCsv, fromJson, StderrLog } from "#shared/reconcile/postgres-log.ts";
import { startTestPostgres, type TestPostgres } from "#test/support/postgres.ts";

/** The local home's. */
const PREFIX = "%m [%p] %u@%d %a ";
const APPLICATION = 'a "quoted", name: ';
const EXPECTED = [
  "SELECT $0, '?' AS x",
  "SELECT '?',\n\t$0;\n\nSELECT $0",
  "SELECT $1::int AS bound",
  "SELECT '?'",
  "SELECT $0/$0",
  "LAST",
];

let server: TestPostgres;
let folder: string;
const files = new Map<string, string>();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "postern-log-"));
  const { certFile, keyFile } = await ensureCertificates(folder);
  const tls = { cert: readFileSync(certFile, "utf8"), key: readFileSync(keyFile, "utf8") };
  server = await startTestPostgres(
    tls,
    [],
    ["logging_collector = on", "log_destination = 'stderr,csvlog,jsonlog'", "log_statement = all"],
  );
  const login = {
    host: server.host,
    port: server.port,
    user: server.user,
    database: server.database,
    password: server.password,
  };
  const client = new pg.Client({ ...login, ssl: { rejectUnauthorized: false }, application_name: APPLICATION });
  await client.connect();
  await client.query("SELECT 123456789, 'secret' AS x");
  await client.query("SELECT 'two\nlines',\n\t2;\n\nSELECT 3");
  await client.query("SELECT $1::int AS bound", ["42"]);
  await client.query("SELECT 'a \"double\" and, a ''single'''");
  await client.query("SELECT 1/0").catch(() => {});
  await client.query("LAST").catch(() => {});
  await client.end();
  const logs = join(server.data, "log");
  await vi.waitFor(() => {
    for (const name of readdirSync(logs)) {
      const text = readFileSync(join(logs, name), "utf8");
      expect(text).toContain("LAST");
      files.set(/\.(json|csv|log)$/.exec(name)?.[1] ?? "", text);
    }
    expect(files.size).toBe(3);
  }, 10_000);
}, 60_000);
afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true });
});

function check(commands: readonly (Logged | null)[], host = "127.0.0.1"): void {
  const ours = commands.filter(
    (command): command is LoggedCommand => command?.source === "log" && command.application === APPLICATION,
  );
  // What cannot be parsed is not a command that ran.
  expect(ours.map(({ text }) => text)).toEqual(EXPECTED.slice(0, -1));
  for (const command of ours) {
    expect(command).toMatchObject({ user: "postgres", database: "postgres", host });
    expect(command.time).toMatch(/^20\d\d-\d\d-\d\d \d\d:\d\d:\d\d/);
    expect(command.backend).toMatch(/^(\d+|[0-9a-f]+\.[0-9a-f]+)$/);
  }
  expect(JSON.stringify(commands)).not.toMatch(/secret|123456789|double/);
}

describe("the log of a real server", () => {
  it("is read as JSON", () => {
    check((files.get("json") ?? "").trimEnd().split("\n").map(fromJson));
  });

  it("is read as CSV, in whatever pieces it comes", () => {
    const text = files.get("csv") ?? "";
    check(new CsvRows().push(text).map(fromCsv));
    fc.assert(
      fc.property(fc.array(fc.nat(text.length), { maxLength: 5 }), (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), text.length];
        const rows = new CsvRows();
        const found = at.slice(1).flatMap((end, i) => rows.push(text.slice(at[i], end)));
        expect(found).toEqual(new CsvRows().push(text));
      }),
      { numRuns: 20 },
    );
  });

  it("is read as text with its prefix", () => {
    const log = new StderrLog(PREFIX);
    const found = (files.get("log") ?? "").split("\n").map((line) => log.push(line));
    // The prefix has no %h.
    check([...found, log.end()], "");
  });

  it("does not miss a command because of what its application is called, or what it says", () => {
    const where = "2026-11-20 14:00:00.000 UTC [1] u@d";
    for (const application of ["x ERROR:  no", "LOG:  statement: SELECT 1 DEBUG1: ", "", "a\\x0ab"])
      for (const text of ["SELECT 'y ERROR:  z'", "SELECT 'LOG:  duration'"]) {
        const log = new StderrLog(PREFIX);
        log.push(`${where} ${application} LOG:  statement: ${text}`);
        expect(log.end()).toMatchObject({ user: "u", backend: "1" });
      }
  });

  it("does not pass over a command because of what its role is called", () => {
    const when = "2026-11-20 14:00:00.000 UTC [1]";
    const told = (line: string) => {
      const log = new StderrLog(PREFIX);
      return [log.push(line), log.push(`${when} u@clinic x LOG:  checkpoint starting: time`), log.end()].filter(
        Boolean,
      );
    };
    for (const user of ["evil role", "x@y", "LOG:  ", "a@b c"])
      for (const message of ["statement: SELECT 1", "AUDIT: SESSION,1,1,READ,SELECT,,,SELECT 1,<none>"]) {
        const [found] = told(`${when} ${user}@clinic psql LOG:  ${message}`);
        expect(found, user).toMatchObject({ text: "SELECT $0" });
        if (user !== "a@b c") expect(found, user).toMatchObject({ user, database: "clinic" });
      }
    // Another prefix than the log has: said for each line, instead of nothing for all.
    expect(told("2026-11-20 14:00:00 UTC:10.0.0.7(5):eve@clinic:[1]:LOG:  statement: SELECT 1")).toMatchObject([
      { source: "unreadable" },
    ]);
    expect(told(`${when} u@clinic x STATEMENT:  SELECT 'LOG:  statement: '`)).toEqual([]);
  });

  it("is read with the prefixes of RDS", () => {
    const rds = new StderrLog("%t:%r:%u@%d:[%p]:");
    rds.push("2026-11-20 14:00:00 UTC:10.0.0.7(49804):eve@clinic:[77]:LOG:  execute <unnamed>: SELECT 1");
    const where = { user: "eve", database: "clinic", host: "10.0.0.7", backend: "77", at: Date.UTC(2026, 10, 20, 14) };
    expect(rds.end()).toMatchObject({ ...where, text: "SELECT $0" });
    rds.push(
      "2026-11-20 14:00:00 UTC:10.0.0.7(49804):eve@clinic:[77]:LOG:  connection authorized: user=eve database=clinic application_name=postern/S1/engineer SSL enabled (protocol=TLSv1.3, cipher=X, bits=256)",
    );
    expect(rds.end()).toMatchObject({ source: "login", application: "postern/S1/engineer", backend: "77" });
    const full = new StderrLog("%m:%r:%u@%d:[%p]:%l:%e:%s:%v:%x:%c:%q%a");
    full.push(
      "2026-11-20 14:00:00.123 UTC:10.0.0.7(49804):eve@clinic:[77]:4:00000:2026-11-20 13:59:59 UTC:3/90:0:691f2f80.4d:psqlLOG:  statement: SELECT 1",
    );
    expect(full.end()).toMatchObject({ ...where, at: where.at + 123, backend: "691f2f80.4d", application: "psql" });
  });
});

// Completeness from outside: everything that comes through the gateway is in the evidence, and nothing that goes around it stays unseen.
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestHome, type TestHome } from "#test/support/home.ts";
import { ROOT } from "#test/support/project.ts";
import { environment } from "#test/support/settings.ts";

let home: TestHome;

beforeAll(async () => {
  home = await startTestHome();
  const direct = await home.direct();
  await direct.query("ALTER ROLE postern_gateway SET log_statement = 'all'");
  await direct.query("ALTER ROLE postgres SET log_statement = 'all'");
  await direct.end();
});
afterAll(() => home?.stop());

async function reconcile(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  // The server writes its log when it likes, and evidence that nobody waits for takes a moment.
  await sleep(1500);
  const log = join(home.state.log, "postgres.log");
  const env = { ...environment(), POSTERN_STATE: home.state.root };
  return new Promise((resolve) => {
    execFile(
      join(ROOT, "cli/postern.mjs"),
      ["reconcile", "clinic", "--log", log, ...args],
      { env },
      (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}

/** Somebody who has the gateway's own credential, which they should not. */
async function withCredential(application: string, run: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const password = readFileSync(join(home.state.credentials, "clinic"), "utf8").trim();
  const ca = readFileSync(home.run.ca, "utf8");
  const { port } = home.run.database;
  const login = { host: "localhost", port, user: "postern_gateway", password, database: "clinic", ssl: { ca } };
  const client = new pg.Client({ ...login, application_name: application });
  await client.connect();
  await run(client);
  await client.end();
}

let session = "";

test("what came through the gateway is in the evidence, in every protocol", async () => {
  const client = await home.client("engineer");
  await client.query("SELECT count(*) FROM departments");
  await client.query("SELECT 1; SELECT 2");
  for (const id of [1, 2, 3]) {
    await client.query("SELECT name FROM departments WHERE id = $1", [id]);
    await client.query({ name: "again", text: "SELECT id, sex FROM patients WHERE id = $1", values: [id] });
  }
  // Images of these rows are taken by statements of the gateway's own.
  expect((await client.query("UPDATE appointments SET room = 'B2' WHERE id < 4")).rowCount).toBe(3);
  await client.query("BEGIN");
  for (const id of [1, 2]) await client.query("UPDATE appointments SET room = 'B3' WHERE id = $1", [id]);
  await client.query("COMMIT");
  await client.query("SELECT 1/0").catch(() => {});
  await client.query("DELETE FROM patients").catch(() => {});
  await client.query("SET application_name = 'something of my own'");
  const [row] = (await client.query("SELECT 'after', current_setting('application_name') AS name")).rows;
  expect(row.name).toBe("something of my own");
  await client.end();
  const { code, out } = await reconcile();
  expect(out).toContain("all of them are in the evidence");
  expect(out).toMatch(/^\d+ commands, of 1 sessions/m);
  expect(code).toBe(0);
});

test("what went around it is found: another role, no session, an invented one, one that is borrowed", async () => {
  const direct = await home.direct();
  await direct.query("SELECT ssn FROM patients WHERE ssn LIKE '900%'");
  await direct.end();
  await withCredential("psql", (client) => client.query("SELECT full_name FROM patients LIMIT 1"));
  await withCredential("postern/01invented/engineer", (client) => client.query("SELECT email FROM patients LIMIT 2"));
  const client = await home.client("engineer");
  await client.query("SELECT count(*) FROM encounters");
  await client.end();
  const listed = await reconcile("--json");
  const log = readFileSync(join(home.state.log, "postgres.log"), "utf8");
  session = [...log.matchAll(/postern\/([^/\s]+)\/engineer/g)].at(-1)?.[1] ?? "";
  await withCredential(`postern/${session}/engineer`, async (borrowed) => {
    await borrowed.query("SELECT count(*) FROM encounters");
    await borrowed.query("SELECT phone FROM patients LIMIT 3");
  });
  await withCredential("postern/catalog", (client) => client.query("SELECT insurance FROM patients LIMIT 4"));

  expect(listed.code).toBe(1);
  const before = listed.out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(before.slice(0, -1).map(({ kind, text }) => [kind, text])).toEqual([
    ["around", "SELECT ssn FROM patients WHERE ssn LIKE '?'"],
    ["unknown-session", "SELECT full_name FROM patients LIMIT $0"],
    ["unknown-session", "SELECT email FROM patients LIMIT $0"],
  ]);
  const { code, out } = await reconcile("--json");
  expect(code).toBe(1);
  const after = out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const found = after.slice(0, -1).map(({ kind, text, count }) => [kind, count, text]);
  expect(found).toContainEqual(["unrecorded", 1, "SELECT count(*) FROM encounters"]);
  expect(found).toContainEqual(["unrecorded", 1, "SELECT phone FROM patients LIMIT $0"]);
  expect(found).toContainEqual(["catalog", 1, "SELECT insurance FROM patients LIMIT $0"]);
  // Under the name of a session that has a connection of its own: whatever they say.
  expect(found).toContainEqual(["borrowed", 2, "SELECT count(*) FROM encounters"]);
  expect(found).toHaveLength(7);
  // Nothing of a literal, here or in words.
  expect(out).not.toContain("900%");
});

test("it says in words what to do, and counts who is expected", async () => {
  const { code, out } = await reconcile("--expect", "postgres");
  expect(code).toBe(1);
  expect(out).toContain("more often than the evidence says, or at another time");
  expect(out).toMatch(/BAD +6 did not come through the gateway/);
  expect(out).toMatch(/^expected +\d+ by postgres$/m);
  const wrong = await reconcile("--prefix", "%t ");
  expect(wrong).toMatchObject({ code: 2 });
  expect(wrong.err).toContain("log_statement = all");
});

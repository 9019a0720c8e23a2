// Whose records did an answer show in clear? The answers themselves say it here: the evidence has to agree, in every form in which rows come.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Disclosing, patientsIn, startDisclosing, type Told } from "#test/support/disclosing.ts";
import { disclosingQuery } from "#test/support/disclosing-query.ts";
import { ROOT } from "#test/support/project.ts";
import { environment } from "#test/support/settings.ts";

let at: Disclosing;
beforeAll(async () => {
  at = await startDisclosing();
});
afterAll(() => at?.stop());

const asText = { getTypeParser: () => (value: string) => value } as unknown as pg.CustomTypesConfig;

/** Runs commands in one session, and says what was seen of each and what the evidence tells. */
async function ask(identity: string, commands: readonly string[]): Promise<{ seen: Set<number>[]; told: Told[] }> {
  const client = await at.client(identity);
  const seen: Set<number>[] = [];
  for (const text of commands) {
    const result = await client.query({ text, rowMode: "array", types: asText }).catch((error: Error) => error);
    seen.push(patientsIn(result instanceof Error ? "" : JSON.stringify(result)));
  }
  await client.end();
  return { seen, told: await at.told(identity) };
}

const sorted = (ids: Iterable<number>) => [...ids].sort((a, b) => a - b);

test.each([
  ["the key beside what is shown", "SELECT id, full_name FROM patients WHERE id < 5"],
  [
    "a key of another table",
    "SELECT e.patient_id, p.full_name FROM encounters e JOIN patients p ON p.id = e.patient_id",
  ],
  ["a key that is masked for nobody, of another name and place", "SELECT note AS n, sex, id AS k FROM patients"],
  ["NULL shows nothing", "SELECT id, note FROM patients"],
  ["the outer side of a join", "SELECT p.id, d.kind FROM patients p LEFT JOIN devices d ON d.patient_id = p.id"],
  ["what is grouped by the key", "SELECT patient_id, string_agg(reason, ' ') FROM encounters GROUP BY patient_id"],
  [
    "a subquery of the same patient",
    "SELECT p.id, (SELECT max(e.reason) FROM encounters e WHERE e.patient_id = p.id) FROM patients p",
  ],
  ["a view", "SELECT id, full_name FROM patient_directory"],
  ["partitions", "SELECT patient_id, test FROM lab_results"],
  ["nothing but keys", "SELECT id FROM patients"],
  ["nothing of anybody", "SELECT id, given_name, phone FROM clinicians"],
])("of %s, exactly those", async (_, text) => {
  const { seen, told } = await ask("privacy", [text]);
  expect(told).toHaveLength(1);
  expect(sorted(told[0]!.subjects)).toEqual(sorted(seen[0]!));
  expect(told[0]!.complete).toBe(true);
});

test.each([
  ["no key", "SELECT full_name FROM patients"],
  ["the key of somebody else", "SELECT a.id, b.full_name FROM patients a JOIN patients b ON b.id = a.id % 12 + 1"],
  ["a window", "SELECT id, lead(full_name) OVER (ORDER BY id) FROM patients"],
  ["a total", "SELECT patient_id, string_agg(reason, ' ') FROM encounters GROUP BY ROLLUP (patient_id)"],
  ["a set operation", "SELECT id, full_name FROM patients UNION SELECT 0, phone FROM patients"],
  ["a temporary table", "CREATE TEMP TABLE t AS SELECT id + 1 AS id, full_name FROM patients; SELECT * FROM t"],
])("of %s it says that it cannot tell", async (_, text) => {
  const { seen, told } = await ask("privacy", [text]);
  expect(told[0]!.sqlstate).toBe("00000");
  expect(seen[0]!.size).toBeGreaterThan(1);
  expect(told[0]!.complete).toBe(false);
  expect(told[0]!.untold).toBeGreaterThan(0);
  expect(told[0]!.events.flatMap((e) => e.relations).length).toBeGreaterThan(0);
});

test("counts every row of which it cannot tell", async () => {
  const { told } = await ask("privacy", ["SELECT full_name FROM patients, generate_series(1, 5000) WHERE id < 3"]);
  expect(told[0]!.untold).toBe(10_000);
});

test("what is masked is no disclosure", async () => {
  const { told } = await ask("engineer", [
    "SELECT id, full_name, ssn FROM patients",
    "SELECT patient_id, reason FROM encounters WHERE patient_id = 2",
  ]);
  expect(told[0]!.events).toEqual([]);
  expect(sorted(told[1]!.subjects)).toEqual([2]);
  expect(told[1]!.events[0]!.classes).toEqual(["clinical"]);
});

test("text, binary, COPY in each format, cursors, portals in pieces: the same", async () => {
  const client = await at.client("privacy");
  const text = "SELECT full_name, id FROM patients WHERE id <= 6";
  await client.query(text);
  await client.query({
    text: "SELECT full_name, id FROM patients WHERE id <= $1",
    values: [6],
    binary: true,
  } as pg.QueryConfig);
  for (const format of ["text", "csv", "binary"]) {
    const { promise, resolve } = Promise.withResolvers<void>();
    const copy = Object.assign(new pg.Query(`COPY (${text}) TO STDOUT (FORMAT ${format})`), {
      handleCopyData: () => {},
    });
    copy.once("end", () => resolve());
    client.query(copy);
    await promise;
  }
  await client.query("BEGIN; DECLARE c CURSOR FOR SELECT full_name, id FROM patients WHERE id <= 6 ORDER BY id");
  await client.query("FETCH 2 FROM c");
  await client.query("FETCH ALL FROM c");
  await client.query("COMMIT");
  const pieces = new pg.Query({
    text: "SELECT full_name, id FROM patients WHERE id <= $1 ORDER BY id",
    values: [6],
    rows: 2,
  } as pg.QueryConfig);
  const { promise, resolve } = Promise.withResolvers<void>();
  pieces.once("end", () => resolve());
  client.query(pieces);
  await promise;
  await client.end();
  const told = (await at.told("privacy")).filter((t) => t.events.length > 0);
  expect(told.map((t) => sorted(t.subjects))).toEqual([
    ...Array.from({ length: 5 }, () => [1, 2, 3, 4, 5, 6]),
    [1, 2],
    [3, 4, 5, 6],
    [1, 2],
    [3, 4],
    [5, 6],
  ]);
  expect(told.every((t) => t.complete)).toBe(true);
});

test("whatever is asked, whoever is seen is told of, or it says that it cannot tell", async () => {
  const queries = fc.sample(disclosingQuery, 200);
  const { seen, told } = await ask("privacy", queries);
  expect(told).toHaveLength(queries.length);
  let complete = 0;
  for (const [i, text] of queries.entries()) {
    const missed = sorted(seen[i]!).filter((id) => !told[i]!.subjects.has(id));
    if (told[i]!.complete) expect(missed, text).toEqual([]);
    if (told[i]!.complete && seen[i]!.size > 0) complete++;
    expect(told[i]!.subjects.has(-1), text).toBe(false);
  }
  // Most of it can be told, and some of it cannot: else this would try nothing.
  expect(complete).toBeGreaterThan(40);
  expect(told.filter((t) => !t.complete).length).toBeGreaterThan(20);
});

test("no key and no value is in the clear evidence", () => {
  const files = (folder: string): string[] =>
    readdirSync(folder).flatMap((name) => {
      const path = join(folder, name);
      return statSync(path).isDirectory() ? files(path) : [path];
    });
  const journal = files(join(at.state, "journal")).map((path) => readFileSync(path, "latin1"));
  expect(journal.some((text) => text.includes('"disclosure"'))).toBe(true);
  for (const text of journal) expect(/\u00c2\u00ab\d/.test(text)).toBe(false);
});

/** The command line on the state of this gateway. */
function postern(...args: string[]): { out: string; err: string; status: number | null } {
  const env = { ...environment(), POSTERN_STATE: at.state };
  const done = spawnSync(process.execPath, ["cli/src/main.ts", ...args], { cwd: ROOT, env, encoding: "utf8" });
  return { out: done.stdout, err: done.stderr, status: done.status };
}

test("who saw somebody is found by the person's key, before and after the gateway's key changed; a kill loses nothing that was shown", async () => {
  const before = await at.client("nurse");
  await before.query("SELECT id, full_name FROM patients WHERE id = 7");
  await before.end();
  await at.told("nurse");
  expect(postern("disclosures", "rotate").out).toContain("key 2 is made");

  // In the middle of a long result: some of it was shown, and the rest was not.
  const killed = await at.client("nurse");
  killed.on("error", () => {});
  const seen = new Set<number>();
  const rows = new pg.Query(
    "SELECT p.id, p.full_name, repeat('x', 1000) FROM patients p, generate_series(1, 50000) g ORDER BY g, p.id",
  );
  rows.on("row", (row: { id: number }) => seen.add(row.id));
  rows.on("error", () => {});
  const some = new Promise((resolve) => rows.once("row", resolve));
  killed.query(rows);
  await some;
  await at.restart();
  const told = (await at.told("nurse"))[0];
  const lines = await at.lines("nurse");
  expect(lines.at(-1)?.event.type).toBe("session.recovered");
  const shown = lines.flatMap(({ event }) => (event.type === "disclosure" ? event.subjects : []));
  const patients = new Set(shown.map((hash) => at.patientOf(hash)));
  expect(seen.size).toBeGreaterThan(0);
  for (const id of seen) expect(patients.has(id)).toBe(true);
  expect(told?.sqlstate).not.toBe("00000");

  const after = await at.client("privacy");
  await after.query("SELECT id, full_name, ssn FROM patients WHERE id = 7");
  await after.end();
  const last = (await at.told("privacy"))[0]!;
  expect(last.events[0]!.keyVersion).toBe(2);

  const list = postern("disclosures", "--subject", "007", "--json");
  expect(list.err).toContain("cannot be told");
  const found = list.out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, string>);
  expect(found.at(-1)).toMatchObject({ who: "privacy", relations: ["public.patients"], classes: ["name", "ssn"] });
  expect(found.filter((one) => one.who === "nurse").length).toBeGreaterThan(0);
  expect(list.out).not.toMatch(/"subjects":|\u00ab/);

  const session = postern("disclosures", "--session", found.at(-1)!.session!, "--csv");
  expect(session.out.split("\n")[1]).toMatch(/,privacy,.*name ssn,public\.patients,1,0,/);
  expect(postern("disclosures", "--subject", "4711", "--json").out).toBe("");

  const accounting = postern("accounting", "--subject", "7");
  expect(accounting.out).toMatch(/received by {2}nurse[^\n]*\nwhat[^\n]*name from public\.patients/);
  expect(accounting.out).toContain("164.528(a)(1)");
  const csv = postern("accounting", "--subject", "7", "--csv").out.split("\n");
  expect(csv[0]).toBe("date,last_date,times,recipient,contact,description,purpose");
  expect(postern("accounting", "--subject", "7", "--from", "2020-01-01", "--to", "2020-02-01").out).toContain(
    "No record",
  );

  const verified = postern("verify");
  expect(verified.out).toContain("ok ");
  expect(verified.status).toBe(0);
}, 180_000);

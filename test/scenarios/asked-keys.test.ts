// Whose records a result shows that does not hold their keys: asked for beside it. The answers say themselves whose they are, so that the evidence can be
// held against them; and the client hears what it would hear without.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { subjectHasher } from "#shared/disclosure/subject.ts";
import type { DisclosureEvent } from "#shared/evidence/event.ts";
import { clinicSql, PATIENTS, patientsIn } from "#test/support/disclosing.ts";
import { disclosingQuery } from "#test/support/disclosing-query.ts";
import { frontend as f } from "#test/support/fake-machine.ts";
import { type ImageGateway, ImageGround, subjectHmac } from "#test/support/image-ground.ts";
import { ROOT } from "#test/support/project.ts";

let ground: ImageGround;
let on: ImageGateway;
let off: ImageGateway;
let reveal: string[];
let client: pg.Client;

const asText = { getTypeParser: () => (value: string) => value } as unknown as pg.CustomTypesConfig;
const IDS = Array.from({ length: PATIENTS + 1 }, (_, id) => id);
const HASHES = new Map(IDS.map((id) => [subjectHasher(subjectHmac, "clinic")("person", String(id)), id]));
const ofClasses = (catalog: string) =>
  [...catalog.matchAll(/^ {2}([a-z-]+): \{ identifier/gm)].map(([, name]) => name!);

beforeAll(async () => {
  const catalog = readFileSync(join(ROOT, "policy/catalog.yaml"), "utf8");
  ground = await ImageGround.start(`CREATE ROLE postern_gateway; ${clinicSql()}`, catalog);
  reveal = ofClasses(catalog);
  on = await ground.gateway("off", { disclosures: "companion", reveal });
  off = await ground.gateway("off", { reveal });
  client = await on.client();
});
afterAll(async () => {
  await client?.end();
  on?.stop();
  off?.stop();
  await ground?.stop();
});
beforeEach(() => {
  on.events.length = 0;
});

interface Told {
  readonly subjects: number[];
  readonly complete: boolean;
  readonly untold: number;
}

function told(): Told {
  const events = on.events.filter((e): e is DisclosureEvent => e.type === "disclosure");
  return {
    subjects: [...new Set(events.flatMap((e) => e.subjects.map((hash) => HASHES.get(hash) ?? -1)))].sort(
      (a, b) => a - b,
    ),
    complete: events.every((e) => e.complete),
    untold: events.reduce((sum, e) => sum + e.untold, 0),
  };
}

type Mode = "simple" | "extended";

async function seen(text: string, queryMode: Mode, by = client): Promise<number[]> {
  const result = await by.query({ text, rowMode: "array", types: asText, queryMode } as pg.QueryConfig);
  return [...patientsIn(JSON.stringify((result as unknown as pg.QueryArrayResult).rows))].sort((a, b) => a - b);
}

const J = "patients p JOIN encounters e ON e.patient_id = p.id";

describe("keys that a result does not show", () => {
  it.each([
    ["no key at all", "SELECT full_name FROM patients"],
    ["a join without any key", `SELECT p.full_name, e.reason FROM ${J}`],
    [
      "the other side of an outer join",
      "SELECT e.reason, p.full_name FROM patients p LEFT JOIN encounters e ON e.patient_id = p.id",
    ],
    [
      "different people in one row",
      "SELECT a.full_name, b.full_name FROM patients a JOIN patients b ON b.id = a.id % 12 + 1 WHERE a.id < 5",
    ],
    ["a key of somebody else", "SELECT a.id, b.full_name FROM patients a JOIN patients b ON b.id = a.id % 12 + 1"],
    [
      "a subquery of the same patient",
      "SELECT (SELECT max(e.reason) FROM encounters e WHERE e.patient_id = p.id) FROM patients p",
    ],
    ["a whole row", "SELECT p FROM patients p WHERE p.id = 3"],
    [
      "columns that FULL JOIN merges",
      "SELECT a.full_name, b.full_name FROM patients a FULL JOIN (SELECT * FROM patients WHERE id > 6) b USING (id)",
    ],
    ["a key that is cast", "SELECT id::text || '', full_name FROM patients"],
    ["DISTINCT", "SELECT DISTINCT e.reason FROM encounters e"],
    ["a view that shows it", "SELECT d.full_name FROM patient_directory d"],
    ["an aliased column", "SELECT q.y FROM patients AS q (x, z, y)"],
    ["a subselect that has it", "SELECT s.full_name FROM (SELECT id AS k, full_name FROM patients) s WHERE s.k < 4"],
    ["WITH", "WITH s AS (SELECT id, full_name FROM patients WHERE id > 7) SELECT full_name FROM s"],
    ["a star", "SELECT d.comment, c.* FROM diagnoses d JOIN icd10_codes c USING (code)"],
    ["LIMIT beyond all rows", "SELECT full_name FROM patients ORDER BY full_name LIMIT 500;  -- all"],
    ["names that the keys could be taken for", "SELECT full_name AS id FROM patients p ORDER BY id"],
    ["a window that shows nothing of anybody", "SELECT full_name, row_number() OVER (ORDER BY id) FROM patients"],
    ["rows of nobody", "SELECT full_name FROM patients WHERE false"],
    ["NULL", "SELECT note FROM patients"],
    ["a row type with nothing in it", "SELECT ROW(NULL, NULL)::text, note FROM patients WHERE id < 5"],
  ])("%s: exactly those who were seen", async (_, text) => {
    for (const mode of ["simple", "extended"] as const) {
      on.events.length = 0;
      const ids = await seen(text, mode);
      expect(told(), text).toEqual({ subjects: ids, complete: true, untold: 0 });
    }
  });

  it.each([
    ["LIMIT that leaves rows out", "SELECT full_name FROM patients ORDER BY id LIMIT 5"],
    ["OFFSET", "SELECT full_name FROM patients OFFSET 2"],
    ["what is another every time", "SELECT full_name FROM patients WHERE random() < 2"],
    ["the time of the statement", "SELECT full_name FROM patients WHERE birth_date < statement_timestamp()"],
    ["locks", "SELECT full_name FROM patients FOR UPDATE"],
    ["a LIMIT inside", "SELECT s.full_name FROM (SELECT * FROM patients LIMIT 3) s"],
    [
      "a window inside",
      "SELECT s.full_name FROM (SELECT p.*, row_number() OVER (ORDER BY sex) n FROM patients p) s WHERE n < 4",
    ],
    [
      "a window that decides what is shown",
      "SELECT CASE WHEN row_number() OVER (ORDER BY sex) < 4 THEN full_name END FROM patients",
    ],
    [
      "a window over no column that decides it",
      "SELECT CASE WHEN row_number() OVER () < 4 THEN full_name END FROM patients",
    ],
    [
      "a list in no order that decides",
      "SELECT full_name FROM patients WHERE id = (ARRAY(SELECT patient_id FROM encounters))[1]",
    ],
    ["DISTINCT ON", "SELECT DISTINCT ON (sex) full_name FROM patients"],
    ["a sample", "SELECT full_name FROM patients TABLESAMPLE bernoulli (100)"],
    ["an aggregate", "SELECT string_agg(full_name, ' ') FROM patients"],
    [
      "an aggregate in a subselect that is the query's own",
      "SELECT (SELECT string_agg(p.full_name, ' ')) FROM patients p",
    ],
    ["groups", "SELECT full_name FROM patients GROUP BY full_name"],
    ["a set operation", "SELECT full_name FROM patients UNION ALL SELECT reason FROM encounters"],
    ["a key out of reach", "SELECT s.full_name FROM (SELECT full_name FROM patients) s"],
    ["an expression at the end that is FROM's name", "SELECT full_name, 1 AS from FROM patients"],
    ["two statements", "SELECT full_name FROM patients; SELECT 1"],
    [
      "a write in WITH",
      "WITH w AS (UPDATE patients SET phone = phone WHERE id = 1 RETURNING id) SELECT p.full_name FROM patients p, w",
    ],
    ["a cursor", "BEGIN; DECLARE c CURSOR FOR SELECT full_name FROM patients; FETCH ALL FROM c; COMMIT"],
    ["COPY", "COPY (SELECT full_name FROM patients) TO STDOUT"],
  ])("%s: it cannot be told", async (_, text) => {
    await client.query(text);
    expect(told().complete, text).toBe(false);
    expect(
      told().subjects.every((id) => id >= 0),
      text,
    ).toBe(true);
    expect(on.events.filter((e) => e.type === "side").length, text).toBeLessThan(2);
  });

  it("of random queries: whoever is seen is told of, or it says that it cannot tell; and nobody else is", async () => {
    let more = 0;
    for (const [i, text] of fc.sample(disclosingQuery, 250).entries()) {
      on.events.length = 0;
      const ids = await seen(text, i % 2 === 0 ? "simple" : "extended");
      const { complete, subjects } = told();
      if (!complete) continue;
      expect(
        ids.filter((id) => !subjects.includes(id)),
        text,
      ).toEqual([]);
      expect(subjects, text).not.toContain(-1);
      if (on.events.some((e) => e.type === "side") && ids.length > 0) more++;
    }
    expect(more).toBeGreaterThan(50);
  });
});

const Q = "SELECT p.full_name, e.reason FROM patients p JOIN encounters e ON e.patient_id = p.id";
const q = (text: string) => f.query(text);
const x = (...bytes: Buffer[]) => Buffer.concat([...bytes, f.sync]);
const bound = (text: string, values: unknown[], binary = false) =>
  x(f.parse("", text), f.bind("", "", values.map(String), binary), f.describe("P"), f.execute());

/** Each step is answered by one ReadyForQuery. */
const CONVERSATIONS: readonly (readonly Buffer[])[] = [
  [q(Q), q(`${Q} WHERE p.id < 3 ORDER BY e.id LIMIT 1`), q("SELECT DISTINCT full_name FROM patients"), q("SELECT 1")],
  [
    q("BEGIN"),
    q(Q),
    q("SAVEPOINT s"),
    q(Q),
    q("SELECT full_name FROM nowhere"),
    q(Q),
    q("ROLLBACK TO s"),
    q(Q),
    q("COMMIT"),
    q(Q),
  ],
  [q("BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY"), q(Q), q("COMMIT")],
  [
    bound(`${Q} WHERE p.id < $1`, [4]),
    bound(`${Q} WHERE p.id < $1`, [4], true),
    bound(`${Q} WHERE p.mrn = $1`, ["MRN-0000002"]),
  ],
  [
    x(f.parse("s", `${Q} WHERE p.id < $1`), f.describe("S", "s")),
    x(f.bind("a", "s", ["3"]), f.execute("a"), f.bind("b", "s", ["5"]), f.execute("b"), f.close("P", "a")),
    x(f.bind("", "s", ["x"]), f.execute(), f.bind("", "s", ["3"]), f.execute()),
    x(f.bind("c", "s", ["5"]), f.execute("c", 3), f.execute("c", 2), f.execute("c")),
    x(f.bind("", "s", ["5"]), f.parse("s2", "SELECT 1"), f.execute(), f.close("S", "s")),
  ],
  [
    q("BEGIN"),
    x(f.parse("s", "SELECT full_name FROM patients WHERE phone = 'other'"), f.bind("a", "s")),
    q("UPDATE patients SET phone = 'other' WHERE id = 1"),
    x(f.execute("a")),
    q("ROLLBACK"),
  ],
  // The statement without a name is another by the time that the portal runs.
  [x(f.parse("", Q), f.bind("a", ""), f.parse("", "SELECT given_name FROM patients"), f.execute("a")), q("SELECT 1")],
  [x(f.parse("", Q), f.bind(), f.execute(), f.run("SELECT 1 / 0"), f.run(Q)), q(Q)],
  [x(f.run("CREATE TEMP TABLE t (a int)"), f.run(Q), f.run("INSERT INTO t VALUES (1)")), q("SELECT count(*) FROM t")],
  [q("PREPARE p AS SELECT full_name FROM patients WHERE id = $1"), q("EXECUTE p(3)"), q("DEALLOCATE p")],
  [q("BEGIN; DECLARE c CURSOR FOR SELECT full_name FROM patients ORDER BY id"), q("FETCH 3 FROM c"), q("COMMIT")],
  [q(`${Q} WHERE p.nothing = 1`), q("SELECT full_name FROM patients WHERE id = 'x'"), q("SELECT 1")],
  [q("COPY (SELECT full_name FROM patients) TO STDOUT")],
  [
    q("SET search_path = pg_catalog, public"),
    q(Q),
    q("SET standard_conforming_strings = off"),
    q("SELECT full_name FROM patients WHERE full_name <> E'a\\'b'"),
  ],
];

async function heard(gateway: ImageGateway, steps: readonly Buffer[]): Promise<string[]> {
  const raw = await gateway.connect();
  const said: string[] = [];
  for (const bytes of steps) {
    raw.send(bytes);
    for (const { type, body } of await raw.read((m) => m.type === "Z")) said.push(`${type} ${body.toString("latin1")}`);
  }
  raw.socket.destroy();
  return said;
}

describe("a client", () => {
  it("hears the same with and without", async () => {
    for (const steps of CONVERSATIONS)
      expect(await heard(on, steps), steps.map((bytes) => bytes.toString("latin1")).join("\n")).toEqual(
        await heard(off, steps),
      );
  });

  it("gets an error in place of the rows when the query fails, and its transaction fails as it would", async () => {
    for (const mode of ["simple", "extended"] as const) {
      await client.query("BEGIN");
      await expect(seen("SELECT full_name FROM patients WHERE 1 / (id - 5) < 2", mode)).rejects.toMatchObject({
        code: "22012",
      });
      await expect(seen("SELECT 1", mode)).rejects.toMatchObject({ code: "25P02" });
      await client.query("ROLLBACK");
      expect(told()).toEqual({ subjects: [], complete: true, untold: 0 });
      expect(await seen("SELECT full_name FROM patients WHERE id = 1", mode)).toEqual([1]);
      on.events.length = 0;
    }
  });

  it("gets results that are too long to wait for, and then it cannot be told", async () => {
    for (const mode of ["simple", "extended"] as const) {
      on.events.length = 0;
      const text = "SELECT full_name, repeat('x', 1000) FROM patients, generate_series(1, 700)";
      expect(await seen(text, mode)).toHaveLength(PATIENTS);
      expect(told()).toEqual({ subjects: [], complete: false, untold: 700 * PATIENTS });
      on.events.length = 0;
      expect(await seen("SELECT full_name FROM patients, generate_series(1, 1000)", mode)).toHaveLength(PATIENTS);
      expect(told()).toEqual({ subjects: [], complete: false, untold: 1000 * PATIENTS });
    }
  });

  it("that may not read the key reads the rest", async () => {
    await ground.admin.query(
      "CREATE ROLE clerk LOGIN PASSWORD 'clerk'; GRANT SELECT (full_name) ON patients TO clerk; GRANT USAGE ON SCHEMA public TO clerk; GRANT CONNECT ON DATABASE clinic TO clerk",
    );
    const clerk = await ground.gateway("off", { disclosures: "companion", reveal, user: "clerk" });
    const by = await clerk.client();
    for (let run = 0; run < 2; run++)
      expect(await seen("SELECT full_name FROM patients", "extended", by)).toHaveLength(PATIENTS);
    await by.end();
    clerk.stop();
    const events = clerk.events.filter((e) => e.type === "disclosure");
    expect(events.map((e) => e.subjects.length + e.untold)).toEqual([PATIENTS, PATIENTS]);
    expect(events.every((e) => !e.complete)).toBe(true);
  });

  it("whose gateway may not read the key any more hears of it once", async () => {
    await ground.admin.query(
      "CREATE ROLE guest LOGIN PASSWORD 'guest'; GRANT SELECT (id, full_name) ON patients TO guest; GRANT USAGE ON SCHEMA public TO guest; GRANT CONNECT ON DATABASE clinic TO guest",
    );
    const guests = await ground.gateway("off", { disclosures: "companion", reveal, user: "guest" });
    const by = await guests.client();
    const ask = () => seen("SELECT full_name FROM patients", "extended", by);
    expect(await ask()).toHaveLength(PATIENTS);
    await ground.admin.query("REVOKE SELECT (id) ON patients FROM guest");
    await expect(ask()).rejects.toMatchObject({ code: "42501" });
    expect(await ask()).toHaveLength(PATIENTS);
    await by.end();
    guests.stop();
    const events = guests.events.filter((e) => e.type === "disclosure");
    expect([events[0]?.complete, events.at(-1)?.complete]).toEqual([true, false]);
  });
});

it("while others write: nobody is missing, and nobody is named who was not shown", { timeout: 120_000 }, async () => {
  // Encounters pass from one patient to the next, and what they say passes along.
  const writer = new pg.Client({ ...ground.server, database: "clinic" });
  await writer.connect();
  let over = false;
  const writing = (async () => {
    while (!over) {
      await writer.query(
        "UPDATE encounters e SET patient_id = n.id, reason = 'R«' || n.id || '»' FROM (SELECT 1 + (random() * 11)::int AS id) n WHERE e.id = 1 + (random() * 11)::int",
      );
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 30));
    }
  })();
  const counts = { complete: 0, not: 0 };
  // Often enough, however fast either of them is, that both have happened.
  for (let run = 0; run < 400 || Math.min(counts.complete, counts.not) <= 20; run++) {
    expect(run, "one of the two does not happen").toBeLessThan(20_000);
    on.events.length = 0;
    const ids = await seen(
      "SELECT e.reason FROM patients p JOIN encounters e ON e.patient_id = p.id",
      run % 2 === 0 ? "simple" : "extended",
    );
    const { complete, subjects } = told();
    if (complete) expect(subjects).toEqual(ids);
    counts[complete ? "complete" : "not"]++;
  }
  over = true;
  await writing;
  await writer.end();
});

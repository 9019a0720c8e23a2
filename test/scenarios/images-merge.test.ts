// Rows that a MERGE changes and inserts, against what triggers of the database itself saw; and that the client sees no difference.
import fc from "fast-check";
import type pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ImagesEvent } from "#shared/evidence/event.ts";
import { frontend as f } from "#test/support/fake-machine.ts";
import {
  CATALOG,
  FILL,
  heardFrom,
  q,
  SCHEMA,
  type Step,
  seenIn,
  sorted,
  talks,
  type Write,
  x,
} from "#test/support/image-clinic.ts";
import { type ImageGateway, ImageGround, imagesIn } from "#test/support/image-ground.ts";

let ground: ImageGround;
let on: ImageGateway;
let off: ImageGateway;
let client: pg.Client;

beforeAll(async () => {
  ground = await ImageGround.start(SCHEMA, CATALOG);
  on = await ground.gateway({ rows: 50, beyond: "count", otherwise: "count" });
  off = await ground.gateway("off");
}, 60_000);
afterAll(async () => {
  on?.stop();
  off?.stop();
  await ground?.stop();
});
beforeEach(async () => {
  await ground.admin.query(FILL);
  on.events.length = on.sealed.length = 0;
  client = await on.client();
});
afterEach(() => client.end());

const images = (gateway = on) => gateway.events.filter((event): event is ImagesEvent => event.type === "images");
const sides = () => on.events.flatMap((event) => (event.type === "side" ? event.texts : []));

const seen = (which: "old" | "new", key: string) => seenIn(ground, which, key);
const heard = (gateway: ImageGateway, steps: readonly Step[]) => heardFrom(ground, gateway, steps);

/** All of whose rows are found: those that are changed, and those that are inserted. */
const MERGES: readonly Write[] = [
  [
    "id",
    "MERGE INTO patients p USING wards w ON p.id = w.id + 1 WHEN MATCHED AND p.note IS NULL THEN DELETE WHEN MATCHED AND w.floor = 1 THEN UPDATE SET note = 'then', ward = CASE WHEN p.id > 3 THEN 8 ELSE 9 END -- WHEN MATCHED",
  ],
  [
    "id",
    "MERGE INTO ONLY public.patients AS p USING (VALUES (1, 'a'), (2, NULL), (100, 'b'), (101, 'c'), (102, NULL)) AS v (id, note) ON p.id = v.id WHEN MATCHED AND v.note IS NULL THEN DO NOTHING WHEN MATCHED THEN UPDATE SET note = v.note WHEN NOT MATCHED AND note = 'c' THEN DO NOTHING WHEN NOT MATCHED THEN INSERT (ward, id, note) VALUES (1, v.id, note)",
  ],
  [
    "id",
    "MERGE INTO patients USING stays s ON patients.id = s.day AND s.patient <> ALL ('{1,2}') WHEN NOT MATCHED BY SOURCE AND (ward, note) IS DISTINCT FROM (2, 'n5') AND id < 10 THEN UPDATE SET ward = 7 WHEN NOT MATCHED BY SOURCE AND id > 18 THEN DELETE WHEN MATCHED AND s.note = 's3' THEN DELETE WHEN MATCHED AND s.note = 's4' THEN DO NOTHING WHEN MATCHED AND (SELECT true FROM wards WHERE wards.id = patients.ward AND floor = 0) THEN UPDATE SET note = s.note RETURNING merge_action(), s.day, patients.id",
  ],
  [
    "id",
    "WITH v AS MATERIALIZED (SELECT id, floor FROM wards) MERGE INTO patients p USING v JOIN stays s ON s.day = v.id ON p.id = v.id + 2 WHEN NOT MATCHED BY TARGET AND v.id = 1 THEN INSERT VALUES (v.id + 100, s.note) WHEN NOT MATCHED AND v.id = 2 THEN INSERT (note, id) OVERRIDING SYSTEM VALUE VALUES (DEFAULT, (SELECT v.id + 200)) WHEN NOT MATCHED BY SOURCE AND p.id > 2 THEN DELETE WHEN MATCHED THEN UPDATE SET (ward, note) = (SELECT 1, 'w')",
  ],
  [
    "id",
    "MERGE INTO patients p USING wards w ON p.id = w.id WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN DO NOTHING",
  ],
  ["id", "MERGE INTO patients p USING wards w ON p.id = w.id WHEN NOT MATCHED THEN INSERT (id) VALUES (w.id + 300)"],
  [
    "id",
    "MERGE INTO patients p USING wards w ON CASE WHEN p.id > 2 THEN p.id = w.id ELSE false END WHEN NOT MATCHED THEN INSERT (id) VALUES (300 + w.id::bigint) WHEN MATCHED AND CASE WHEN floor = 1 THEN true END THEN DELETE",
  ],
  [
    "id",
    "MERGE INTO patients p USING (SELECT id, ward FROM patients WHERE ward = NULL) q ON p.id = q.id WHEN MATCHED THEN DELETE WHEN NOT MATCHED BY SOURCE AND NULL THEN DELETE WHEN NOT MATCHED BY SOURCE AND p.note IS NULL THEN UPDATE SET ward = 5",
  ],
  [
    "id",
    "MERGE INTO patients p USING (VALUES ($1::int, $2), ($3, $2)) v (id, note) ON p.id = v.id WHEN MATCHED AND p.ward < $4 THEN UPDATE SET note = v.note WHEN NOT MATCHED THEN INSERT (id, note) VALUES (v.id, v.note) RETURNING p.id",
    [1, "bound", 100, 9],
  ],
  [
    "id",
    "MERGE INTO patients p USING (SELECT $1::int AS id) v ON p.id = v.id WHEN MATCHED THEN UPDATE SET note = $2 WHEN NOT MATCHED THEN INSERT (id, note) VALUES ($1, $2)",
    [100, "alone"],
  ],
  [
    "day",
    "MERGE INTO stays s USING (VALUES (1, 1, 'there'), (9, 9, 'new'), (1, 9, 'new')) v (patient, day, note) ON (s.patient, s.day) = (v.patient, v.day) WHEN MATCHED THEN UPDATE SET note = v.note WHEN NOT MATCHED THEN INSERT VALUES (v.patient, v.day, v.note)",
  ],
  [
    "id",
    "MERGE INTO parts USING (SELECT i FROM generate_series(1, 12, 4) i UNION SELECT 300) g ON id = i WHEN MATCHED AND id % 2 = 1 THEN UPDATE SET ssn = 'z' WHEN NOT MATCHED THEN INSERT VALUES (i, 'new') WHEN NOT MATCHED BY SOURCE AND id > 12 THEN DELETE",
  ],
  // A key that is deleted, and another row with it inserted.
  [
    "id",
    "MERGE INTO patients p USING (VALUES (7), (107)) v (id) ON p.id = v.id WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (id) VALUES (v.id - 100)",
  ],
  ["id", "MERGE INTO patients p USING wards w ON false WHEN MATCHED THEN DELETE"],
];

/** Any MERGE into patients: sources with NULLs and strangers, clauses of every kind in any order. */
const merge = fc
  .record({
    rows: fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 30 }), fc.constantFrom("NULL", "'n1'", "'n4'", "'z'")), {
      minLength: 1,
      maxLength: 12,
      selector: ([id]) => id,
    }),
    on: fc.constantFrom("p.id = v.id", "v.id = p.id AND p.id > 3", "p.id = v.id AND v.note = 'z'", "p.note = v.note"),
    clauses: fc.array(
      fc.oneof(
        fc.record({
          head: fc.constant("MATCHED"),
          when: fc.constantFrom(
            "",
            "v.note IS NULL",
            "p.note = v.note",
            "p.ward > 2",
            "NULL",
            "CASE WHEN floor = 1 THEN true END",
          ),
          act: fc.constantFrom(
            "DELETE",
            "DO NOTHING",
            "UPDATE SET ward = v.id, note = v.note",
            "UPDATE SET note = 'same'",
          ),
        }),
        fc.record({
          head: fc.constantFrom("NOT MATCHED", "NOT MATCHED BY TARGET"),
          when: fc.constantFrom("", "note IS NOT NULL", "v.id > 25", "floor = 0", "NULL"),
          act: fc.constantFrom("DO NOTHING", "INSERT VALUES (v.id)", "INSERT (note, id) VALUES (note, v.id + 40)"),
        }),
        fc.record({
          head: fc.constant("NOT MATCHED BY SOURCE"),
          when: fc.constantFrom("", "note IS NULL", "id > 10", "p.ward = 2", "NULL"),
          act: fc.constantFrom("DELETE", "DO NOTHING", "UPDATE SET ward = id"),
        }),
      ),
      { minLength: 1, maxLength: 5 },
    ),
  })
  .map(({ rows, on, clauses }) => {
    // What stands behind a clause without a condition is an error.
    const open = new Set<string>();
    const whens = clauses.flatMap(({ head, when, act }) => {
      const kind = head.replace(" BY TARGET", "");
      if (open.has(kind)) return [];
      if (when === "") open.add(kind);
      return [`WHEN ${head}${when === "" ? "" : ` AND ${when}`} THEN ${act}`];
    });
    const values = rows.map(([id, note]) => `(${id}, ${note}, ${id % 2})`).join(", ");
    return `MERGE INTO patients p USING (VALUES ${values}) v (id, note, floor) ON ${on} ${whens.join(" ")}`;
  });

/** Statement, and what its event says: before, after, difference, why. */
const UNCLAIMED: readonly (readonly [string, string])[] = [
  // A trigger puts the row elsewhere, or nowhere.
  [
    "MERGE INTO patients p USING (VALUES (1), (500)) v (id) ON p.id = v.id WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (id) VALUES (v.id)",
    "1 null -1 the rows that it concerned cannot be told from others",
  ],
  [
    "MERGE INTO patients p USING (VALUES (1), (501)) v (id) ON p.id = v.id WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (id) VALUES (v.id)",
    "1 null 0 the rows that it concerned cannot be told from others",
  ],
  [
    "MERGE INTO patients p USING (VALUES (20)) v (id) ON p.id = v.id + 1 WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (id, ward) VALUES (v.id, 777)",
    "0 null 0 the rows that it concerned cannot be told from others",
  ],
  // The key is changed: no row after.
  [
    "MERGE INTO patients p USING wards w ON p.id = w.id WHEN MATCHED THEN UPDATE SET id = p.id + 700",
    "4 0 0 undefined",
  ],
  // No primary key.
  [
    "MERGE INTO loose l USING wards w ON l.n = w.id WHEN MATCHED THEN UPDATE SET ssn = 'y'",
    "4 null 0 the rows after cannot be found by a key",
  ],
  [
    "MERGE INTO loose l USING generate_series(4, 7) g (n) ON l.n = g.n WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES ('y', g.n)",
    "2 null 2 of the rows that it inserts: there is no primary key",
  ],
  [
    "MERGE INTO loose l USING wards w ON false WHEN NOT MATCHED THEN INSERT VALUES ('y', w.id)",
    "0 null undefined of the rows that it inserts: there is no primary key",
  ],
  [
    "MERGE INTO numbered t USING (VALUES ('n1'), ('n8'), ('n9')) v (ssn) ON t.ssn = v.ssn WHEN MATCHED THEN UPDATE SET note = 'x' WHEN NOT MATCHED THEN INSERT (ssn) VALUES (v.ssn)",
    "1 1 2 of the rows that it inserts: a default gives the key",
  ],
  [
    "MERGE INTO patients p USING wards w ON p.id = w.id + 2 WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (id) VALUES (nextval('counter') + 800)",
    "4 0 0 of the rows that it inserts: a function that may change something",
  ],
  // Cardinality, and what fails while it runs.
  [
    "MERGE INTO patients p USING (VALUES (1), (1)) v (id) ON p.id = v.id WHEN MATCHED THEN UPDATE SET ward = 1",
    "1 null undefined the command failed (21000)",
  ],
  [
    "MERGE INTO patients p USING wards w ON p.id = w.id AND w.id > 1 WHEN NOT MATCHED THEN INSERT (id) VALUES (w.id)",
    "0 null undefined the command failed (23505)",
  ],
  [
    "MERGE INTO patients p USING wards w ON p.id = w.id WHEN MATCHED AND 1 / (w.id - 1) > 0 THEN DELETE",
    "null null undefined the rows before could not be read, so it did not run (22012)",
  ],
  [
    "MERGE INTO patients p USING wards w ON p.id = w.id WHEN MATCHED THEN DO NOTHING",
    "0 null undefined nothing in it changes a row",
  ],
  // What is not read twice.
  [
    "MERGE INTO patients p USING wards w ON p.id = w.id AND nextval('counter') > 0 WHEN MATCHED THEN DELETE",
    "null null undefined a function that may change something",
  ],
  [
    "MERGE INTO patients p USING wards w ON p.id = w.id WHEN NOT MATCHED BY SOURCE AND p IS NULL THEN DELETE WHEN MATCHED THEN DELETE",
    "null null undefined NOT MATCHED BY SOURCE with a condition on the row as a whole",
  ],
  [
    "MERGE INTO patients p USING wards w ON p.id = w.id WHEN NOT MATCHED BY SOURCE AND p.tableoid = 0 THEN DELETE WHEN MATCHED THEN DELETE",
    "null null undefined NOT MATCHED BY SOURCE with a condition on the row as a whole",
  ],
];

const CONVERSATIONS: readonly (readonly Step[])[] = [
  ...UNCLAIMED.map(([text]) => [q(text), x(f.run(text)), q("BEGIN"), q(text), q("ROLLBACK")]),
  [
    "MERGE INTO patients USING patients ON true WHEN MATCHED THEN DELETE",
    "MERGE INTO patients p USING (wards p JOIN stays s ON true) ON true WHEN MATCHED THEN DELETE",
    "MERGE INTO patients p USING wards w ON p.id = nowhere WHEN MATCHED THEN DELETE",
    "MERGE INTO patients p USING wards w ON p.id = w.id WHEN MATCHED THEN DELETE WHEN MATCHED THEN DELETE",
    "MERGE INTO patients p USING wards w ON p.id = id WHEN MATCHED THEN DELETE",
    "MERGE INTO patients p USING wards w ON p.id = w.id WHEN NOT MATCHED AND p.id = 1 THEN INSERT (id) VALUES (1)",
    "MERGE INTO patients p USING wards w ON p.id = w.id WHEN NOT MATCHED THEN INSERT (id) VALUES (p.id)",
    "MERGE INTO patients p USING wards w ON p.id = w.id WHEN NOT MATCHED THEN INSERT (id) VALUES (1, 2)",
    "MERGE INTO patients p USING wards w ON p.id = w.id WHEN NOT MATCHED BY SOURCE AND floor = 1 THEN DELETE",
    "MERGE INTO patients p USING wards w ON p.id < w.id WHEN NOT MATCHED BY SOURCE THEN DELETE WHEN NOT MATCHED THEN INSERT (id) VALUES (w.id + 100)",
    "MERGE INTO patients p USING wards w ON p.ssn = w.id WHEN MATCHED THEN DELETE",
    "MERGE INTO patients p USING wards w ON count(*) > 1 WHEN MATCHED THEN DELETE",
    "MERGE INTO patients p USING wards w ON p.id = w.id WHEN MATCHED AND w.id THEN DELETE",
    "MERGE INTO patients p USING LATERAL (SELECT p.id) v ON p.id = v.id WHEN MATCHED THEN DELETE",
    "WITH RECURSIVE r AS (SELECT 1 AS id) MERGE INTO patients p USING r ON p.id = r.id WHEN MATCHED THEN DELETE",
    "MERGE INTO parts p USING wards w ON false WHEN NOT MATCHED THEN INSERT (id) VALUES (-w.id)",
  ].flatMap((text) => [q(text), x(f.run(text))]),
];

/** SQLSTATE of a failure, when all of it is over: the driver tells an error before the target is ready again, where its event is certain. */
async function codeOf(text: string): Promise<string> {
  const code = await client.query(text).then(
    () => "",
    (error) => error.code as string,
  );
  if (code !== "") await client.query("SELECT 1");
  return code;
}

describe("images of a MERGE", () => {
  for (const [key, text, values] of MERGES)
    for (const extended of values === undefined ? [false, true] : [true])
      it(`are what triggers saw${extended ? ", extended" : ""}: ${text}`, async () => {
        const { rowCount } = await client.query(extended ? { text, values: values ?? [], name: "mine" } : text);
        const [old, made] = [await seen("old", key), await seen("new", key)];
        expect(images()).toEqual([expect.objectContaining({ before: old.length, after: made.length, difference: 0 })]);
        expect(sorted(imagesIn(on.sealed, "before"), key)).toEqual(old);
        expect(sorted(imagesIn(on.sealed, "after"), key)).toEqual(made);
        const { rows } = await ground.admin.query("SELECT count(*)::int AS n FROM seen");
        expect(rowCount).toBe(rows[0].n);
        expect(sides().join()).not.toMatch(/'there'|100/);
      });

  it("of any kind are what triggers saw", { timeout: 60_000 }, async () => {
    let kept = 0;
    await fc.assert(
      fc.asyncProperty(merge, async (text) => {
        await ground.admin.query(FILL);
        on.events.length = on.sealed.length = 0;
        const code = await codeOf(text);
        const direct = await ground.admin.query(`BEGIN; ${FILL}; ${text}; ROLLBACK`).then(
          () => "",
          (error) => ground.admin.query("ROLLBACK").then(() => error.code as string),
        );
        expect(code).toBe(direct);
        const [event] = images();
        if (code !== "" || event === undefined || event.why === "nothing in it changes a row") return;
        expect(event).toMatchObject({ difference: 0 });
        expect(event.why).toBeUndefined();
        expect(sorted(imagesIn(on.sealed, "before"), "id")).toEqual(await seen("old", "id"));
        expect(sorted(imagesIn(on.sealed, "after"), "id")).toEqual(await seen("new", "id"));
        kept++;
      }),
      { numRuns: 120 },
    );
    expect(kept).toBeGreaterThan(40);
  });

  it("are claimed as far as they are known: the event says why", async () => {
    await ground.admin.query(`
      CREATE FUNCTION shift() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.id = 500 THEN RETURN NULL; ELSIF NEW.id = 501 OR NEW.ward = 777 THEN NEW.id = 601; END IF; RETURN NEW; END $$;
      CREATE TRIGGER shifting BEFORE INSERT ON patients FOR EACH ROW EXECUTE FUNCTION shift()`);
    try {
      for (const [text, expected] of UNCLAIMED) {
        await ground.admin.query(FILL);
        on.events.length = on.sealed.length = 0;
        const failed = (await codeOf(text)) !== "";
        const [{ before, after, difference, why } = { before: null, after: null, why: "none" }] = images();
        expect(`${before} ${after} ${difference} ${why}`, text).toBe(expected);
        const old = await seen("old", "id");
        if (before !== null && !failed) expect(sorted(imagesIn(on.sealed, "before"), "id")).toEqual(old);
        expect(imagesIn(on.sealed, "after")).toHaveLength(after ?? 0);
        expect(failed, text).toBe(/failed|did not run/.test(why ?? ""));
      }
    } finally {
      await ground.admin.query("DROP TRIGGER shifting ON patients");
    }
  });

  it("of all its rows are beyond the bound all together", async () => {
    const text = (more: string) =>
      `MERGE INTO patients p USING generate_series(1, ${more}) g (n) ON p.id = g.n WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (id) VALUES (n)`;
    await client.query(text("51"));
    expect(images()).toMatchObject([{ before: null, after: null, beyond: true }]);
    expect(on.sealed.filter(({ kind }) => kind === "before" || kind === "after")).toEqual([]);
    await ground.admin.query(FILL);
    const strict = await ground.gateway({ rows: 30, beyond: "refuse", otherwise: "refuse" });
    const other = await strict.client();
    try {
      await expect(other.query(text("31"))).rejects.toMatchObject({ code: "54000" });
      await expect(other.query(text("30 + nextval('counter')::int * 0"))).rejects.toMatchObject({ code: "0A000" });
      expect((await other.query(text("30"))).rowCount).toBe(30);
      expect(images(strict).at(-1)).toMatchObject({ before: 20, after: 10, difference: 0 });
    } finally {
      await other.end();
      strict.stop();
    }
  });

  it("are of the rows that the command finds, whatever others do meanwhile", async () => {
    await ground.admin.query("BEGIN");
    await ground.admin.query("UPDATE patients SET note = 'theirs' WHERE id = 2; DELETE FROM patients WHERE id = 3");
    const waiting = client.query(
      "MERGE INTO patients p USING (VALUES (1), (2), (3)) v (id) ON p.id = v.id WHEN MATCHED THEN UPDATE SET ward = 9 WHEN NOT MATCHED THEN INSERT (id) VALUES (v.id + 100)",
    );
    await new Promise((resolve) => setTimeout(resolve, 150));
    await ground.admin.query("COMMIT");
    await waiting;
    expect(imagesIn(on.sealed, "before").map((row) => `${row.id} ${row.note}`)).toEqual(["1 n1", "2 theirs!"]);
    expect(imagesIn(on.sealed, "after").map((row) => row.id)).toEqual(["1", "2", "103"]);
    expect(images()).toMatchObject([{ before: 2, after: 3, difference: 0 }]);
  });
});

it("a client hears the same with images and without", { timeout: 180_000 }, async () => {
  for (const steps of [...talks(MERGES), ...CONVERSATIONS]) {
    const with_ = await heard(on, steps);
    const rows = (await ground.admin.query("SELECT * FROM patients ORDER BY id")).rows;
    expect(with_, steps.map(({ bytes }) => bytes.toString("latin1")).join("\n")).toEqual(await heard(off, steps));
    expect(rows).toEqual((await ground.admin.query("SELECT * FROM patients ORDER BY id")).rows);
  }
});

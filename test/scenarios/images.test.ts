// Rows before and after a write, against what triggers of the database itself saw; and that the client sees no difference.
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

const WRITES: readonly Write[] = [
  ["id", "UPDATE patients SET ward = 9 WHERE id < 6"],
  ["id", "UPDATE public.patients AS p SET ward = p.ward + 1, note = 'where' WHERE p.note IS NULL -- a comment; FROM x"],
  [
    "id",
    "update only patients set (ward, note) = (1, $$ where returning $$) where full_name is not distinct from 'Name \"3\" \\'",
  ],
  ["id", "UPDATE patients SET ward = $1 WHERE id = ANY($2) AND ssn LIKE $3", [3, [1, 2, 3], "000%"]],
  ["id", "UPDATE patients SET note = $1 WHERE id = $2 RETURNING id", ["$", 4]],
  ["id", "UPDATE patients p SET ward = 7 FROM wards w JOIN stays s ON s.day = w.id WHERE w.id = p.ward AND floor = 1"],
  [
    "id",
    "WITH w AS (SELECT id FROM wards WHERE floor = 0), v (id) AS MATERIALIZED (SELECT 1) UPDATE patients SET ward = 8 FROM w WHERE ward = w.id",
  ],
  [
    "id",
    "UPDATE patients SET ward = CASE WHEN id > 3 THEN 1 ELSE (SELECT max(id) FROM wards WHERE floor = 0) END WHERE EXISTS (SELECT FROM stays WHERE patient = patients.id)",
  ],
  ["id", "DELETE FROM patients WHERE id IN (SELECT patient FROM stays)"],
  [
    "id",
    "DELETE FROM ONLY patients AS p USING wards AS w, stays WHERE p.ward = w.id AND stays.patient = p.id RETURNING p.id, w.id",
  ],
  ["id", "DELETE FROM patients"],
  ["id", "UPDATE patients SET ward = 1 WHERE false"],
  ["day", "UPDATE stays SET note = 'y' WHERE patient IN (1, 2) AND day < 12"],
  ["day", "DELETE FROM stays WHERE (patient, day) IN ((1, 1), (2, 7), (3, 3))"],
  ["n", "DELETE FROM loose WHERE n > 2"],
  ["id", "UPDATE parts SET ssn = 'z' WHERE id BETWEEN 8 AND 12"],
  ["id", "DELETE FROM parts WHERE id % 2 = 0"],
];

/** All of whose rows are found: by what the words of the statement say, or by the sequence. */
const INSERTS: readonly Write[] = [
  ["id", "INSERT INTO patients (id, ssn, note) VALUES (100, 'a', DEFAULT), (101, 'b', (SELECT 'c)')) -- ; ("],
  ["id", "INSERT INTO public.patients VALUES (100, 'x', 'y', 1, 'z') RETURNING id, note"],
  ["id", "INSERT INTO patients AS p (ward, id) OVERRIDING SYSTEM VALUE VALUES (1, '0100'), (2, 101.4) RETURNING p.id"],
  ["id", "INSERT INTO patients (id, note) SELECT id + 200, note FROM patients WHERE ward = 2 ORDER BY id LIMIT 3"],
  [
    "id",
    "WITH w AS (SELECT id FROM wards) INSERT INTO patients (note, id) (SELECT 'x', w.id + 300 FROM w JOIN wards v ON v.id = w.id)",
  ],
  ["id", "INSERT INTO patients (id) SELECT 1 WHERE false"],
  [
    "id",
    "INSERT INTO patients (id, note) VALUES (1, 'x'), (100, 'y') ON CONFLICT (id) DO UPDATE SET note = excluded.note",
  ],
  ["id", "INSERT INTO patients (id) VALUES (1), (102) ON CONFLICT DO NOTHING"],
  ["id", "INSERT INTO patients (id) VALUES (1) ON CONFLICT (id) DO NOTHING"],
  [
    "day",
    "INSERT INTO stays VALUES (1, 1, 'there'), (9, 9, 'new'), (1, 9, 'new') ON CONFLICT (patient, day) DO UPDATE SET note = 'both' WHERE true",
  ],
  ["id", "INSERT INTO parts VALUES (9, 'low'), (3, 'x'), (200, 'y') ON CONFLICT (id) DO UPDATE SET ssn = excluded.ssn"],
  ["id", "INSERT INTO numbered (ssn) VALUES ('a'), ('b')"],
  ["id", "INSERT INTO numbered (ssn) SELECT ssn FROM loose RETURNING id"],
  [
    "id",
    "INSERT INTO numbered (ssn, note) SELECT ssn, 'y' FROM (VALUES ('n1'), ('n9')) AS v (ssn) ON CONFLICT (ssn) DO UPDATE SET note = excluded.note RETURNING id",
  ],
  ["id", "INSERT INTO patients (id, ssn) VALUES ($1, $2), ($3, $2) RETURNING id", [100, "s", 101]],
  ["id", "INSERT INTO numbered (ssn) VALUES ($1)", ["p"]],
];

describe("images of rows", () => {
  for (const [key, text, values] of INSERTS)
    for (const extended of values === undefined ? [false, true] : [true])
      it(`that are inserted are what triggers saw${extended ? ", extended" : ""}: ${text}`, async () => {
        const { rowCount } = await client.query(extended ? { text, values: values ?? [], name: "mine" } : text);
        const [old, made] = [await seen("old", key), await seen("new", key)];
        expect(sorted(imagesIn(on.sealed, "before"), key)).toEqual(old);
        expect(sorted(imagesIn(on.sealed, "after"), key)).toEqual(made);
        expect(images()).toMatchObject([{ before: old.length, after: rowCount, difference: 0 }]);
        expect(made).toHaveLength(rowCount ?? -1);
        expect(sides().join()).not.toMatch(/'n9'|100/);
      });

  it("that are inserted in a transaction are each command's own, and those of a savepoint none", async () => {
    await client.query("BEGIN");
    for (const ssn of ["a", "b"]) await client.query("INSERT INTO numbered (ssn) VALUES ($1)", [ssn]);
    await client.query("SAVEPOINT s");
    await client.query("INSERT INTO numbered (ssn) VALUES ('c')");
    await client.query("COMMIT");
    await client.query("INSERT INTO uuids (ssn) VALUES ('d')");
    expect(imagesIn(on.sealed, "after").map(({ id, ssn }) => `${id} ${ssn}`)).toEqual(["6 a", "7 b"]);
    expect(images().map(({ after, why }) => `${after} ${why}`)).toEqual([
      "1 undefined",
      "1 undefined",
      "null the rows that it made cannot be told from others",
      "null no sequence of its own gives the key",
    ]);
  });

  it("that a trigger moves to another key are none, rather than those that have the key", async () => {
    const put = (rows: string, conflict = "") => client.query(`INSERT INTO moved (id, ssn) VALUES ${rows} ${conflict}`);
    await put("(1, 'move')");
    await put("(20, 'move')");
    await put("(2, 'move'), (30, 'x')", "ON CONFLICT DO NOTHING");
    await put("(3, 'move')", "ON CONFLICT (id) DO UPDATE SET note = 'met'");
    expect(imagesIn(on.sealed, "after")).toEqual([]);
    const why = "the rows that it made cannot be told from others";
    expect(images().map((event) => [event.before, event.after, event.difference, event.why])).toEqual([
      [0, null, 1, why],
      [0, null, 1, why],
      [0, null, 1, why],
      [1, null, 1, why],
    ]);
    // Those that it leaves where they are, are found; and of those that are met, the ones that are changed.
    on.events.length = on.sealed.length = 0;
    await put("(6, 'stay')");
    await put("(4, 'a'), (5, 'b')", "ON CONFLICT (id) DO UPDATE SET note = 'met' WHERE moved.id = 5");
    expect(imagesIn(on.sealed, "after").map(({ id, note }) => `${id} ${note}`)).toEqual(["6 none", "5 met"]);
    expect(images().map(({ before, after }) => [before, after])).toEqual([
      [0, 1],
      [2, 1],
    ]);
  });

  it("that others insert meanwhile are not taken for those of the command", async () => {
    await ground.admin.query("BEGIN; SAVEPOINT s; INSERT INTO numbered (ssn) VALUES ('taken')");
    const waiting = client.query("INSERT INTO numbered (ssn) VALUES ('mine'), ('taken')");
    await new Promise((resolve) => setTimeout(resolve, 150));
    await ground.admin.query("ROLLBACK TO s; INSERT INTO numbered (ssn) VALUES ('theirs'); COMMIT");
    await waiting;
    expect(imagesIn(on.sealed, "after").map((row) => row.ssn)).toEqual(["mine", "taken"]);
    expect((await ground.admin.query("SELECT count(*)::int AS n FROM numbered WHERE id > 6")).rows).toEqual([{ n: 3 }]);
  });

  for (const [key, text, values] of WRITES)
    for (const extended of values === undefined ? [false, true] : [true])
      it(`are what triggers saw${extended ? ", extended" : ""}: ${text}`, async () => {
        const { rowCount } = await client.query(extended ? { text, values: values ?? [], name: "mine" } : text);
        expect(sorted(imagesIn(on.sealed, "before"), key)).toEqual(await seen("old", key));
        const after = imagesIn(on.sealed, "after");
        const expected = await seen("new", key);
        expect(sorted(after, key)).toEqual(text.includes("loose") ? [] : expected);
        expect(images()).toMatchObject([
          { before: rowCount, difference: 0, after: text.includes("loose") ? null : expected.length },
        ]);
      });

  it("follow the literals of each run", async () => {
    for (const id of [3, 4])
      await client.query(`UPDATE patients SET ward = 1, note = '${"x".repeat(id)}' WHERE id = ${id}`);
    expect(imagesIn(on.sealed, "before").map((row) => row.id)).toEqual(["3", "4"]);
    expect(imagesIn(on.sealed, "after").map((row) => row.note)).toEqual(["xxx!", "xxxx!"]);
    expect(sides().join()).not.toMatch(/xxx|= [34]/);
  });

  it("of a table that is emptied", async () => {
    await client.query("TRUNCATE patients, stays");
    expect(images()).toMatchObject([
      { relation: "public.patients", before: 20, after: 0 },
      { relation: "public.stays", before: 20, after: 0 },
    ]);
    expect(imagesIn(on.sealed, "before")).toHaveLength(40);
  });

  it("of a definition are what the catalog says of it, before and after", async () => {
    const changes = [
      "ALTER TABLE spare ADD COLUMN phone text NOT NULL DEFAULT ''",
      "CREATE INDEX CONCURRENTLY ON spare (phone)",
      "CREATE INDEX ON spare (id)",
      "ALTER TABLE spare RENAME TO other",
      "ALTER TABLE spare DROP COLUMN nowhere",
      "DROP TABLE spare",
    ];
    const run = async (gateway: ImageGateway) => {
      const said: string[][] = [];
      for (const text of changes) {
        await ground.admin.query(
          "DROP TABLE IF EXISTS spare, other; CREATE TABLE spare (id int PRIMARY KEY, ssn text)",
        );
        const fresh = await ground.gateway(gateway === on ? { rows: 50, beyond: "count", otherwise: "count" } : "off");
        said.push(await heard(fresh, [q(text)]), await heard(fresh, [x(f.run(text))]));
        if (gateway === on) seenBy(fresh, text);
        fresh.stop();
      }
      return said;
    };
    const found: Record<string, unknown> = {};
    const seenBy = (gateway: ImageGateway, text: string) => {
      const shown = (kind: "before" | "after") =>
        imagesIn(gateway.sealed, kind).map(({ name, columns, indexes }) =>
          [
            name,
            ...[...(columns ?? "").matchAll(/"name" : "(\w+)"/g)].map((m) => m[1]),
            (indexes ?? "").split("CREATE").length - 1,
          ].join(" "),
        );
      found[text] = { before: shown("before")[0], after: shown("after")[0], why: images(gateway)[0]?.why };
    };
    expect(await run(on)).toEqual(await run(off));
    expect(found).toEqual({
      [changes[0] as string]: { before: "spare id ssn 1", after: "spare id ssn phone 1" },
      [changes[1] as string]: { why: "a definition that cannot have a transaction around it, or is not alone" },
      [changes[2] as string]: { before: "spare id ssn 1", after: "spare id ssn 2" },
      [changes[3] as string]: { before: "spare id ssn 1", after: "other id ssn 1" },
      [changes[4] as string]: { before: "spare id ssn 1", why: "the command failed (42703)" },
      [changes[5] as string]: { before: "spare id ssn 1" },
    });
  }, 60_000);

  it("beyond the bound are counted, or the command does not run", async () => {
    await ground.admin.query("INSERT INTO loose SELECT 'x', i FROM generate_series(10, 90) i");
    expect((await client.query("DELETE FROM loose")).rowCount).toBe(86);
    expect(images()).toMatchObject([{ before: null, after: null, beyond: true }]);
    expect(on.sealed.filter((part) => part.kind === "before")).toEqual([]);
    const strict = await ground.gateway({ rows: 10, beyond: "refuse", otherwise: "refuse" });
    const other = await strict.client();
    try {
      await expect(other.query("DELETE FROM patients")).rejects.toMatchObject({ code: "54000" });
      expect((await other.query("DELETE FROM patients WHERE id <= 10")).rowCount).toBe(10);
      await expect(
        other.query("UPDATE patients SET id = nextval('counter') WHERE nextval('counter') > 3"),
      ).rejects.toMatchObject({ code: "0A000" });
      await other.query("BEGIN");
      await expect(other.query("DELETE FROM patients WHERE $1", [true])).resolves.toBeDefined();
      await other.query("ROLLBACK");
      expect((await other.query("SELECT count(*)::int AS n FROM patients")).rows).toEqual([{ n: 10 }]);
    } finally {
      await other.end();
      strict.stop();
    }
  });

  it("whose keys have several columns are found, however many others have parts of them", async () => {
    await ground.admin.query(
      "INSERT INTO stays SELECT p, d, 'grid' FROM generate_series(50, 59) p, generate_series(50, 59) d; TRUNCATE seen",
    );
    const some = "(SELECT i FROM generate_series(50, 60) i) v (i)";
    for (const [text, before, after] of [
      ["UPDATE stays SET note = 'u' WHERE patient >= 50 AND patient = day", 10, 10],
      [
        `INSERT INTO stays (patient, day, note) SELECT i, i, 'i' FROM ${some} ON CONFLICT (patient, day) DO UPDATE SET note = excluded.note`,
        10,
        11,
      ],
      ["DELETE FROM stays WHERE patient = 60", 1, 0],
      [
        `MERGE INTO stays USING ${some} ON patient = i AND day = i WHEN MATCHED THEN UPDATE SET note = 'm' WHEN NOT MATCHED THEN INSERT VALUES (i, i, 'm')`,
        10,
        11,
      ],
      ["INSERT INTO stays VALUES (61, 50, 'n'), (50, 61, 'n'), (59, 62, 'n')", 0, 3],
    ] as const) {
      await ground.admin.query("TRUNCATE seen");
      on.events.length = on.sealed.length = 0;
      await client.query(text);
      expect(images(), text).toMatchObject([{ before, after, difference: 0 }]);
      expect(sorted(imagesIn(on.sealed, "before"), "day")).toEqual(await seen("old", "day"));
      expect(sorted(imagesIn(on.sealed, "after"), "day")).toEqual(await seen("new", "day"));
    }
  });

  it("whose key is an array are written, and not found by it", async () => {
    await client.query("INSERT INTO lists VALUES ('{1,2}', 'a')");
    await client.query("UPDATE lists SET ssn = 'b'");
    await client.query("DELETE FROM lists");
    expect(images().map(({ before, after, why }) => [before, after, why])).toEqual([
      [0, null, "new rows: the statement says what they are"],
      [1, null, "the rows after cannot be found by a key"],
      [1, null, "the rows after cannot be found by a key"],
    ]);
  });

  it("with more bytes than the gateway takes into memory are beyond the bound, however few they are", async () => {
    const long = "repeat('x', 30000000)";
    await ground.admin.query("INSERT INTO uuids (ssn) VALUES ('a'), ('b'), ('c')");
    await client.query(`UPDATE uuids SET ssn = ${long}`);
    expect(imagesIn(on.sealed, "before").map(({ ssn }) => ssn)).toEqual(["a", "b", "c"]);
    const strict = await ground.gateway({ rows: 10, beyond: "refuse", otherwise: "refuse" });
    const other = await strict.client();
    await expect(other.query("DELETE FROM uuids")).rejects.toMatchObject({ code: "54000" });
    await other.end();
    strict.stop();
    on.sealed.length = 0;
    await client.query("DELETE FROM uuids");
    expect(images().map(({ before, after, beyond, why }) => [before, after, beyond, why])).toEqual([
      [3, null, undefined, "the rows after are more than are kept"],
      [null, null, true, undefined],
    ]);
    expect(on.sealed.filter(({ kind }) => kind === "before" || kind === "after")).toEqual([]);
  }, 60_000);

  it("that cannot be read twice are not: the event says why", async () => {
    await client.query("UPDATE patients SET ward = 2 WHERE id = nextval('counter')");
    await client.query(
      "WITH gone AS (DELETE FROM stays WHERE day = 1 RETURNING patient) UPDATE patients SET ward = 5 WHERE id IN (SELECT patient FROM gone)",
    );
    await client.query("UPDATE patients SET ward = 2; DELETE FROM stays");
    await client.query(
      "INSERT INTO patients (id) VALUES (1) ON CONFLICT ON CONSTRAINT patients_pkey DO UPDATE SET ward = 3",
    );
    await client.query("INSERT INTO patients (id) VALUES (nextval('counter') + 1000)");
    await client.query("INSERT INTO loose VALUES ('x', 1)");
    const { rows } = await ground.admin.query("SELECT nextval('counter')::int AS n");
    // The first UPDATE took one for each row, and its image none.
    expect(rows).toEqual([{ n: 22 }]);
    expect(images().map(({ relation, before, why }) => `${relation} ${before} ${why}`)).toEqual([
      "public.patients null a function that may change something",
      "public.patients null a WITH that writes",
      "public.stays null not named as what is written",
      "public.patients null one of several statements",
      "public.stays null one of several statements",
      "public.patients null rows in conflict are not found by columns",
      "public.patients 0 a function that may change something",
      "public.loose 0 new rows: the statement says what they are",
    ]);
  });

  it("are of the rows that the command finds, whatever others do meanwhile", async () => {
    await ground.admin.query("BEGIN");
    await ground.admin.query("UPDATE patients SET ward = 99, note = 'theirs' WHERE id IN (1, 2)");
    const waiting = client.query("DELETE FROM patients WHERE ward = 99 OR id IN (2, 3)");
    await new Promise((resolve) => setTimeout(resolve, 150));
    await ground.admin.query("COMMIT");
    const { rowCount } = await waiting;
    expect(imagesIn(on.sealed, "before").map((row) => `${row.id} ${row.note}`)).toEqual(["2 theirs!", "3 null"]);
    // Row 1 came to match in between: the event says how many more there were.
    expect(images()).toMatchObject([{ before: 2, difference: (rowCount ?? 0) - 2 }]);
  });
});

const CONVERSATIONS: readonly (readonly Step[])[] = [
  ...talks([...WRITES, ...INSERTS]),
  [q("UPDATE patients SET ward = 1 / (id - 3) WHERE id < 6"), q("SELECT 1")],
  [q("UPDATE patients SET ward = 1 WHERE 1 / (id - 3) > 0"), q("SELECT 1")],
  [q("BEGIN"), q("UPDATE patients SET ward = 1 WHERE 1 / (id - 3) > 0"), q("COMMIT")],
  [q("BEGIN READ ONLY"), q("DELETE FROM patients"), q("ROLLBACK")],
  [q("BEGIN ISOLATION LEVEL SERIALIZABLE"), q("DELETE FROM patients WHERE id = 1"), q("COMMIT")],
  [
    q("BEGIN"),
    q("SAVEPOINT a"),
    q("DELETE FROM patients"),
    q("ROLLBACK TO a"),
    q("UPDATE patients SET id = 1"),
    q("ROLLBACK TO a"),
    q("COMMIT"),
  ],
  [
    x(f.parse("p", "UPDATE patients SET ward = $1 WHERE id = $2")),
    x(f.bind("", "p", ["1", "2"]), f.execute(), f.bind("", "p", ["1", "x"]), f.execute()),
    x(f.bind("", "p", ["5", "6"]), f.execute()),
  ],
  [
    x(
      f.parse("p", "DELETE FROM stays WHERE day < $1 RETURNING day"),
      f.bind("c", "p", ["9"]),
      f.describe("P", "c"),
      f.execute("c", 2),
      f.execute("c", 2),
      f.execute("c"),
    ),
  ],
  [
    x(f.run("UPDATE patients SET ward = 3"), f.run("INSERT INTO wards VALUES (1, 1)"), f.run("DELETE FROM patients")),
    q("SELECT sum(ward) FROM patients"),
  ],
  [
    q("UPDATE patients SET nowhere = 1"),
    q("UPDATE patients SET ward = 'x' WHERE id = 1"),
    q("UPDATE patients SET ward = 1 WHERE id = 'x'"),
    q("DELETE FROM patients WHERE ssn = 1"),
  ],
  [
    q("DECLARE c CURSOR FOR SELECT * FROM patients"),
    q("BEGIN"),
    q("DECLARE c CURSOR FOR SELECT id FROM patients"),
    q("FETCH 1 FROM c"),
    q("DELETE FROM patients WHERE CURRENT OF c"),
    q("COMMIT"),
  ],
  [q("TRUNCATE patients"), q("SELECT count(*) FROM patients")],
  [q("SET lock_timeout = 50"), q("DELETE FROM patients WHERE id = 1")],
  [
    q("INSERT INTO patients (id) VALUES (1)"),
    q("INSERT INTO patients (id) VALUES ('x')"),
    q("INSERT INTO patients (id) VALUES (1 / 0)"),
    q("INSERT INTO patients (id, nowhere) VALUES (100, 1)"),
    q("INSERT INTO patients (id, ssn) VALUES (100)"),
    q("INSERT INTO patients (id) VALUES (NULL)"),
    q("INSERT INTO patients (id, ward) VALUES (100, 1 / 0)"),
    q("INSERT INTO patients (id) VALUES (5), (5) ON CONFLICT (id) DO UPDATE SET ward = 1"),
    q("INSERT INTO patients (id) VALUES (5) ON CONFLICT (ssn) DO UPDATE SET ward = 1"),
    q("INSERT INTO numbered (ssn) VALUES ('n1')"),
    q("INSERT INTO numbered (ssn) VALUES ('z') RETURNING id"),
  ],
];

describe("a client", () => {
  it("cannot run what an error of the gateway's own statements left behind", async () => {
    await expect(
      client.query({ text: "DELETE FROM patients WHERE 1 / (id - $1) > 0", values: [3] }),
    ).rejects.toMatchObject({ code: "22012" });
    const left = (await client.query("SELECT name FROM pg_prepared_statements")).rows.map(({ name }) => name as string);
    expect(left.filter((name) => name.startsWith("postern"))).toHaveLength(1);
    const name = left.find((found) => found.startsWith("postern")) as string;
    await expect(client.query(`EXECUTE "${name}"(3)`)).rejects.toThrow();
    await expect(client.query({ name, text: "SELECT 1" })).rejects.toMatchObject({ code: "42P05" });
    const cursor = client.query({ name: "mine", text: "SELECT 1 AS one" });
    expect((await cursor).rows).toEqual([{ one: 1 }]);
  });

  it("hears the same with images and without", { timeout: 180_000 }, async () => {
    for (const steps of CONVERSATIONS) {
      const with_ = await heard(on, steps);
      const rows = (await ground.admin.query("SELECT * FROM patients ORDER BY id")).rows;
      expect(with_, steps.map(({ bytes }) => bytes.toString("latin1")).join("\n")).toEqual(await heard(off, steps));
      expect(rows).toEqual((await ground.admin.query("SELECT * FROM patients ORDER BY id")).rows);
    }
  });

  it("hears of a deadlock, a failed serialization and a lock that takes too long as without", async () => {
    for (const [level, setting, code] of [
      ["READ COMMITTED", "deadlock_timeout = '100ms'", "40P01"],
      ["READ COMMITTED", "lock_timeout = '100ms'", "55P03"],
      ["REPEATABLE READ", "lock_timeout = '5s'", "40001"],
    ] as const) {
      await ground.admin.query(FILL);
      await client.query(`BEGIN ISOLATION LEVEL ${level}`);
      await client.query("SELECT 1 FROM patients LIMIT 1");
      await client.query(`SET LOCAL ${setting}`);
      await ground.admin.query("BEGIN");
      await ground.admin.query("UPDATE patients SET ward = 1 WHERE id = 1");
      if (code === "40P01") await client.query("UPDATE patients SET ward = 2 WHERE id = 2");
      const other =
        code === "40P01"
          ? ground.admin.query("SET LOCAL deadlock_timeout = '10s'; UPDATE patients SET ward = 1 WHERE id = 2")
          : null;
      await new Promise((resolve) => setTimeout(resolve, 50));
      const mine = expect(client.query("UPDATE patients SET ward = 2 WHERE id = 1")).rejects.toMatchObject({ code });
      if (code === "40001") await new Promise((resolve) => setTimeout(resolve, 100));
      if (code === "40001") await ground.admin.query("COMMIT");
      await mine;
      await other;
      await expect(client.query("SELECT 1")).rejects.toMatchObject({ code: "25P02" });
      await client.query("ROLLBACK");
      await ground.admin.query("ROLLBACK");
    }
  });
});

// PostgreSQL is the oracle: whatever a mask makes of a value of a type, PostgreSQL must take for a value of that type, in text and in binary.
import pg from "pg";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CatalogSnapshot, SnapshotRelation, SnapshotType } from "#shared/catalog.ts";
import type { AnalysedStatement, CopyFormat } from "#shared/facts.ts";
import { copyMask } from "#shared/masking/copy.ts";
import type { MaskName } from "#shared/masking/types.ts";
import { type Cell, copyData, ExactSink } from "#test/support/cells.ts";
import { facts } from "#test/support/fake-gate.ts";
import { column, ENVIRONMENT, masked, planned, rewrite } from "#test/support/masking.ts";
import { startPostgres, type TestPostgres } from "#test/support/postgres.ts";

const MASKS: readonly MaskName[] = [
  "redact",
  "last4",
  "initial",
  "year",
  "zip3",
  "age-band",
  "pseudonym",
  "null",
  "scan",
];

/** Type to values of it, as SQL literals without their quotes. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  text: ["Maria Garcia", "123-45-6789", "02139", "", "1987-06-05", "47", "call 617-555-0123", "Ünïcode ☃"],
  varchar: ["Maria", "x"],
  "varchar(3)": ["abc"],
  "char(2)": ["MA", "M"],
  '"char"': ["M", ""],
  name: ["maria"],
  bool: ["t", "f"],
  int2: ["47", "-1", "1987", "32767"],
  int4: ["47", "2147483647", "-2147483648", "1987", "123456789", "2139"],
  int8: ["47", "9223372036854775807", "-9223372036854775808", "123456789012"],
  float4: ["47.5", "NaN", "-Infinity", "1e30"],
  float8: ["47.5", "NaN", "Infinity", "1987"],
  numeric: ["47.25", "123456789", "123456780000", "0", "-5", "NaN", "Infinity", "99999999999999999999", "0.0001"],
  "numeric(5,2)": ["47.25"],
  money: ["12.34"],
  date: ["1987-06-05", "0044-03-15 BC", "infinity", "-infinity", "294276-12-31", "1899-12-31", "2000-02-29"],
  timestamp: ["1987-06-05 12:34:56.789", "infinity", "0044-03-15 01:02:03 BC", "294276-12-31"],
  timestamptz: ["1987-06-05 12:34:56+02", "-infinity", "2024-02-29 23:59:59+14"],
  time: ["12:34:56"],
  timetz: ["12:34:56+02"],
  interval: ["3 years 2 mons", "-1 day"],
  uuid: ["123e4567-e89b-12d3-a456-426614174000"],
  inet: ["10.1.2.3", "fe80::1/64"],
  cidr: ["10.0.0.0/8"],
  macaddr: ["08:00:2b:01:02:03"],
  macaddr8: ["08:00:2b:01:02:03:04:05"],
  bytea: ["\\x00ff", ""],
  bit: ["1"],
  "varbit(8)": ["101"],
  json: ['{"a": 1}'],
  jsonb: ['{"a": [1, "Maria"]}'],
  jsonpath: ["$.a"],
  xml: ["<a>Maria</a>"],
  tsvector: ["maria garcia"],
  tsquery: ["maria & garcia"],
  oid: ["1"],
  regclass: ["pg_class"],
  pg_lsn: ["16/B374D848"],
  point: ["(1,2)"],
  line: ["{1,2,3}"],
  lseg: ["[(1,2),(3,4)]"],
  box: ["(3,4),(1,2)"],
  path: ["((1,2),(3,4))", "[(1,2)]"],
  polygon: ["((1,2),(3,4),(5,6))"],
  circle: ["<(1,2),3>"],
  "bit(8)": ["10100000"],
  varbit: ["1010101"],
  xid: ["1"],
  tid: ["(1,2)"],
  regtype: ["int4"],
  regproc: ["now"],
  int4range: ["[1,5)"],
  daterange: ["[1987-06-05,)"],
  int8range: ["[1,5)", "empty"],
  numrange: ["(1.5,2.5]"],
  tsrange: ["[1987-06-05 12:00,1987-06-06)"],
  tstzrange: ["[1987-06-05 12:00+00,)"],
  int4multirange: ["{[1,5),[7,9)}", "{}"],
  datemultirange: ["{[1987-06-05,1987-06-07)}"],
  textrange: ["[a,b)"],
  "int4range[]": ['{"[1,5)"}'],
  "text[]": ['{Maria,NULL,"a,\\"b\\\\",""}', "{}", "{{a,b},{c,d}}"],
  "varchar[]": ["{Maria}"],
  "int4[]": ["{47,NULL,123456789}", "[0:1]={1,2}"],
  "date[]": ["{1987-06-05,infinity}"],
  "jsonb[]": ['{"{\\"a\\": 1}"}'],
  "uuid[]": ["{123e4567-e89b-12d3-a456-426614174000}"],
  "inet[]": ["{10.1.2.3}"],
  "bytea[]": ['{"\\\\x00ff"}'],
  "xml[]": ["{<a/>}"],
  "money[]": ["{12.34}"],
  "timestamptz[]": ["{1987-06-05 12:34:56+02}"],
  int2vector: ["1 2"],
  mood: ["happy"],
  "mood[]": ["{happy}"],
  ssn: ["123-45-6789"],
  "ssn[]": ["{123-45-6789}"],
  cents: ["123456789"],
  born: ["1987-06-05"],
  chart: ['{"a": "Maria"}'],
  tags: ['{Maria,"x y"}'],
  household: ['("(Maria,47)",12)'],
  person: ["(Maria,47)"],
  "person[]": ['{"(Maria,47)"}'],
};

const SCHEMA = `
  CREATE TYPE mood AS ENUM ('happy', 'sad');
  CREATE DOMAIN ssn AS text;
  CREATE TYPE person AS (name text, age int);
  CREATE TYPE household AS (head person, size int);
  CREATE TYPE textrange AS RANGE (subtype = text);
  CREATE DOMAIN cents AS numeric CHECK (VALUE >= 0);
  CREATE DOMAIN born AS date;
  CREATE DOMAIN chart AS jsonb;
  CREATE DOMAIN tags AS text[];`;

let server: TestPostgres;
let client: pg.Client;
let copier: postgres.Sql;
let snapshot: CatalogSnapshot;

beforeAll(async () => {
  server = await startPostgres();
  client = new pg.Client({ ...server });
  await client.connect();
  await client.query(SCHEMA);
  copier = postgres({ ...server, max: 1, onnotice: () => undefined });
  snapshot = { ...ENVIRONMENT.snapshot, types: await readTypes() };
});

afterAll(async () => {
  await client?.end();
  await copier?.end();
  await server?.stop();
});

async function readTypes(): Promise<SnapshotType[]> {
  const { rows } = await client.query(`
    SELECT oid::int, 'x' AS schema, typname AS name, typtype AS kind, typcategory AS category,
      nullif(typbasetype, 0)::int AS base, nullif(typelem, 0)::int AS element FROM pg_type`);
  return rows.map(({ base, element, ...rest }) => ({
    ...rest,
    ...(base === null ? {} : { base }),
    ...(element === null ? {} : { element }),
  }));
}

/** The bytes that the server sends for values, and what it says of their column. */
async function read(type: string, binary: boolean) {
  const values = VALUES[type]!.map((value) => `(${pg.escapeLiteral(value)}::${type})`).join(", ");
  const raw = { getTypeParser: () => (value: unknown) => value };
  const query = { text: `VALUES ${values}`, rowMode: "array", types: raw } as pg.QueryConfig;
  const result = await client.query(query);
  const field = result.fields[0]!;
  const texts = (result.rows as unknown as string[][]).map(([cell]) => Buffer.from(cell!));
  const cells = binary ? await readBinary(`VALUES ${values}`) : texts;
  return { cells, shape: column(field.dataTypeID, binary ? 1 : 0, { modifier: field.dataTypeModifier }) };
}

/** The one column of a query in binary: COPY has the same bytes as DataRow, and clients do not touch them. */
async function readBinary(query: string): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  for await (const chunk of await copier.unsafe(`COPY (${query}) TO STDOUT (FORMAT binary)`).readable())
    chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  const cells: Buffer[] = [];
  for (let at = 19; bytes.readInt16BE(at) === 1; ) {
    const length = bytes.readInt32BE(at + 2);
    cells.push(bytes.subarray(at + 6, at + 6 + length));
    at += 6 + length;
  }
  return cells;
}

/** True when the server takes all of the cells for values of the type. A Buffer is a binary parameter for node-postgres. */
async function accepts(type: string, cells: Cell[], binary: boolean): Promise<void> {
  const shown = cells.map((cell) => (cell === null ? null : binary ? Buffer.from(cell) : Buffer.from(cell).toString()));
  const parameters = shown.map((_, i) => `$${i + 1}::${type} IS NULL`).join(", ");
  await client.query(`SELECT ${parameters}`, shown);
}

describe.each(["text", "binary"])("in %s format every masked value is a value of", (format) => {
  const binary = format === "binary";
  test.each(Object.keys(VALUES))("%s", async (type) => {
    const { cells, shape } = await read(type, binary);
    for (const mask of MASKS) {
      const rows = masked([planned(mask)], [shape], { ...ENVIRONMENT, snapshot });
      const shown = cells.map((cell) => rewrite(rows, [cell])[0]!);
      await accepts(type, shown, binary);
      if (mask === "null") expect(shown.every((cell) => cell === null)).toBe(true);
      if (mask === "redact" || mask === "null") expect(new Set(shown.map(String)).size).toBe(1);
    }
  });
});

test.each(["json", "jsonb", "chart"])("%s that is masked part by part is a document", async (type) => {
  const leaf = (mask: MaskName | "clear") => ({ mask, detectors: [] });
  const paths = {
    rest: leaf("redact"),
    parts: [...MASKS, "clear" as const].map((m) => ({ path: [m], leaf: leaf(m) })),
  };
  const values = [
    '"Maria"',
    "1987.50",
    "true",
    "null",
    '["Maria", 1]',
    '{"x": "1987-06-05"}',
    '"123-45-6789"',
    '"\\u0001 é \\"q\\""',
  ];
  const documents = values.map((v) => `{"other": ${v}, ${[...MASKS, "clear"].map((m) => `"${m}": ${v}`).join(", ")}}`);
  for (const binary of type === "json" ? [false] : [false, true]) {
    const oid = Number((await client.query("SELECT $1::regtype::oid::int AS oid", [type])).rows[0].oid);
    const rows = masked([planned("redact", { paths })], [column(oid, binary ? 1 : 0)], { ...ENVIRONMENT, snapshot });
    const shown = documents.map((text) => rewrite(rows, [Buffer.from(binary ? `\u0001${text}` : text)])[0]!);
    await accepts(type, shown, binary);
    const kept = shown.map((cell) => JSON.parse(Buffer.from(cell!).toString().replace("\u0001", "")));
    expect(kept.map((document) => document.clear)).toEqual(values.map((value) => JSON.parse(value)));
    expect(kept.every((document) => document.other === undefined && document.null === null)).toBe(true);
  }
});

describe("the two formats of one value are masked alike", () => {
  test.each(["int2", "int4", "int8", "numeric", "date", "timestamp", "uuid", "text", "int4[]", "text[]"])(
    "%s",
    async (type) => {
      for (const mask of MASKS) {
        const [text, binary] = await Promise.all([read(type, false), read(type, true)]);
        const env = { ...ENVIRONMENT, snapshot };
        const one = text.cells.map((cell) => rewrite(masked([planned(mask)], [text.shape], env), [cell])[0]);
        const two = binary.cells.map((cell) => rewrite(masked([planned(mask)], [binary.shape], env), [cell])[0]);
        for (const [i, cell] of one.entries()) {
          const other = two[i] ?? null;
          const shown = cell === null ? null : Buffer.from(cell!).toString();
          const { rows } = await client.query(`SELECT $1::${type} IS NOT DISTINCT FROM $2::${type} AS same`, [
            shown,
            other === null ? null : Buffer.from(other),
          ]);
          expect(rows[0].same, `${mask} of ${VALUES[type]![i]}`).toBe(true);
        }
      }
    },
  );
});

describe("COPY", () => {
  const COLUMNS = { id: "int4", ssn: "ssn", born: "date", note: "text", zip: "varchar(9)", tags: "text[]" };
  const PLANS = [
    planned("clear", { classes: [] }),
    ...(["last4", "year", "scan", "zip3", "initial"] as const).map((m) => planned(m)),
  ];
  const ROWS = `(1, '123-45-6789', '1987-06-05', E'a\\tb\\n617-555-0123 \\\\ "q", c', '02139', '{Maria,"x,y"}'),
    (2, '', NULL, '', '', '{}'), (3, NULL, 'infinity', NULL, NULL, NULL), (4, 'short', '2001-01-01', '\\N', '12', '{a}')`;
  const EXPECTED = [
    [1, "***6789", "1987-01-01", 'a\tb\n[PHONE] \\ "q", c', "021**", ["M.", "x."]],
    [2, "***", null, "", "***", []],
    [3, null, null, null, null, null],
    [4, "***", "2001-01-01", "\\N", "***", ["***"]],
  ];

  const FORMATS: [string, CopyFormat, string][] = [
    ["text", { format: "text", delimiter: "\t", null: "\\N", header: false }, "FORMAT text"],
    [
      "text with options",
      { format: "text", delimiter: "|", null: "none", header: true },
      "DELIMITER '|', NULL 'none', HEADER",
    ],
    ["csv", { format: "csv", delimiter: ",", null: "", header: false, quote: '"', escape: '"' }, "FORMAT csv"],
    [
      "csv with options",
      { format: "csv", delimiter: "*", null: "-", header: true, quote: "'", escape: "\\" },
      "FORMAT csv, DELIMITER '*', NULL '-', QUOTE '''', ESCAPE '\\', HEADER, FORCE_QUOTE *",
    ],
    ["binary", { format: "binary" }, "FORMAT binary"],
  ];

  test.each(FORMATS)("in %s can be masked on its way and copied in again", async (_what, copy, options) => {
    const columns = Object.entries(COLUMNS).map(([name, type]) => `${name} ${type}`);
    await copier.unsafe(
      `DROP TABLE IF EXISTS source, sink; CREATE TEMP TABLE source (${columns}); CREATE TEMP TABLE sink (LIKE source); INSERT INTO source VALUES ${ROWS}`,
    );
    const chunks: Buffer[] = [];
    for await (const chunk of await copier.unsafe(`COPY source TO STDOUT (${options})`).readable()) chunks.push(chunk);
    const mask = await maskFor(copy);
    const masked = chunks.map((chunk) => {
      const sink = new ExactSink();
      mask.row(copyData(chunk), sink);
      return Buffer.from(sink.written).subarray(5);
    });
    const into = await copier.unsafe(`COPY sink FROM STDIN (${options.replace(", FORCE_QUOTE *", "")})`).writable();
    await new Promise((resolve, reject) => into.on("error", reject).on("finish", resolve).end(Buffer.concat(masked)));
    const rows = await copier.unsafe("SELECT id, ssn, born::text, note, zip, tags FROM sink ORDER BY id").values();
    expect(rows.map((row) => [...row])).toEqual(EXPECTED);
  });

  async function maskFor(copy: CopyFormat) {
    const { rows } = await client.query(
      `SELECT ${Object.values(COLUMNS).map((type, i) => `'${type.replace(/\(.*/, "")}'::regtype::oid::int AS c${i}`)}`,
    );
    const names = Object.keys(COLUMNS);
    const relation: SnapshotRelation = {
      ...ENVIRONMENT.snapshot.relations[0]!,
      name: "source",
      columns: names.map((name, i) => ({ name, number: i + 1, type: rows[0][`c${i}`], generated: false })),
    };
    const outputs = names.map((name) => ({
      name,
      sources: [{ relation: "public.source", column: name }],
      direct: true,
    }));
    const statement: AnalysedStatement = { facts: facts({ kind: "copy-out", outputs }), effects: [], copy };
    const shape = { binary: copy.format === "binary", columns: names.length, clientEncoding: "UTF8" };
    const env = { ...ENVIRONMENT, snapshot: { ...snapshot, relations: [relation] } };
    const mask = copyMask({ type: "columns", columns: PLANS }, statement, shape, env);
    if ("mismatch" in mask) throw new Error(mask.mismatch);
    return mask;
  }
});

// Words that occur nowhere else are planted in literals, bind values, cells, error texts and data to be copied, and a mixed load is run over them.
// Then every byte that the home has kept or said is searched: they are in the sealed lane, once it is opened, and nowhere else.
import { randomInt } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decompress } from "#proxy/adapters/node-zstd.ts";
import { readChunks, splitBlocks } from "#shared/evidence/recording.ts";
import { parseKey } from "#shared/evidence/segment.ts";
import { type Approving, approving } from "#test/support/approving.ts";
import { startTestHome, type TestHome } from "#test/support/home.ts";
import { openSealed } from "#test/support/sealed.ts";
import { password, startup, typed, WireClient } from "#test/support/wire-client.ts";

interface Canary {
  readonly word: string;
  readonly what: string;
  /** Not what a client sends by COPY, binds to what was refused already, or claims before it is somebody. */
  readonly sealed: boolean;
}

let home: TestHome;
let people: Approving;
const canaries: Canary[] = [];
/** What health, metrics and the command line have said. */
const said: [string, Buffer][] = [];

/** As long as a social security number. */
function plant(what: string, sealed = true): string {
  const word = `Qzx${randomInt(10_000_000, 99_999_999)}`;
  canaries.push({ word, what, sealed });
  return word;
}

const number = (what: string) => {
  const word = String(randomInt(2 ** 40, 2 ** 47));
  canaries.push({ word, what, sealed: true });
  return word;
};

/** Runs one after another; what is refused, or fails, is what the test wants of some. @returns their SQLSTATEs */
async function run(client: pg.Client, ...statements: (string | pg.QueryConfig)[]): Promise<string[]> {
  const codes: string[] = [];
  for (const statement of statements)
    await client.query(statement as string).then(
      () => codes.push("00000"),
      (error: pg.DatabaseError) => codes.push(error.code ?? "?"),
    );
  return codes;
}

async function cells(direct: pg.Client): Promise<void> {
  await direct.query("ALTER TABLE patients ADD CONSTRAINT canary_phone CHECK (phone <> 'x')");
  await direct.query(
    "UPDATE patients SET ssn = $1, given_name = $2, family_name = $3, phone = $4, email = $5 WHERE id = 1",
    [
      plant("a cell: ssn"),
      plant("a cell: given name"),
      plant("a cell: family name"),
      plant("a cell: phone"),
      `${plant("a cell: email")}@example.org`,
    ],
  );
}

async function reads(client: pg.Client): Promise<void> {
  const columns = "id, ssn, given_name, family_name, full_name, phone, email, sex";
  const codes = await run(
    client,
    `SELECT ${columns} FROM patients WHERE id = 1`,
    { text: `SELECT ${columns} FROM patients WHERE id = $1`, values: [1] },
    { name: "named", text: `SELECT ${columns} FROM patients WHERE id = $1`, values: [1] },
    { name: "named", text: `SELECT ${columns} FROM patients WHERE id = $1`, values: [1] },
    `SELECT ${columns} FROM patients WHERE id = 1; SELECT upper(ssn), phone || email FROM patients WHERE id = 1`,
    `COPY (SELECT ${columns} FROM patients WHERE id = 1) TO STDOUT`,
    `COPY (SELECT ${columns} FROM patients WHERE id = 1) TO STDOUT (FORMAT csv)`,
    `COPY (SELECT ${columns} FROM patients WHERE id = 1) TO STDOUT (FORMAT binary)`,
    "BEGIN",
    `DECLARE c CURSOR FOR SELECT ${columns} FROM patients WHERE id = 1`,
    "FETCH ALL FROM c",
    "COMMIT",
  );
  expect(codes).toEqual(Array(12).fill("00000"));
}

async function literals(client: pg.Client): Promise<void> {
  const word = (what: string) => plant(`a literal: ${what}`);
  const prepared = {
    name: "lit",
    text: `SELECT count(*) FROM formulary WHERE form = $1 OR form = '${word("prepared")}'`,
  };
  await run(
    client,
    `SELECT count(*) FROM formulary WHERE form = '${word("simple query")}'`,
    `SELECT count(*) FROM formulary WHERE form = '${word("the same again")}'`,
    `SELECT count(*) FROM formulary WHERE form = $q$${word("dollars")}$q$ OR form = E'${word("escapes")}' OR form = U&'${word("unicode")}'`,
    `SELECT count(*) FROM formulary WHERE unit_price = ${number("a literal: number")} OR unit_price < -${number("a literal: sign")}`,
    `SELECT count(*) FROM formulary WHERE form IN ('${word("list")}') OR form LIKE '%${word("pattern")}%' /* ${word("comment")} */ -- ${word("line comment")}`,
    { text: "SELECT count(*) FROM formulary WHERE form = $1 OR form = $2", values: [plant("a bind value"), null] },
    { ...prepared, values: [plant("a bind value: named")] },
    { ...prepared, values: [plant("a bind value: again")] },
    {
      text: "SELECT count(*) FROM formulary WHERE form::bytea = $1",
      values: [Buffer.from(plant("a bind value: binary"))],
    },
    `PREPARE p (text) AS SELECT count(*) FROM formulary WHERE form = $1 OR form = '${word("PREPARE")}'`,
    `EXECUTE p ('${word("EXECUTE")}')`,
    "BEGIN",
    `DECLARE c CURSOR FOR SELECT drug FROM formulary WHERE form = '${word("DECLARE")}'`,
    "FETCH 1 FROM c",
    "COMMIT",
    `CREATE TEMP TABLE kept AS SELECT drug FROM formulary WHERE form <> '${word("CREATE TABLE AS")}'`,
    `NOTIFY nobody, '${word("NOTIFY")}'`,
    `UPDATE departments SET opens = opens WHERE name = '${word("UPDATE")}'`,
  );
  const refused = await run(
    client,
    `SELECT id FROM patients WHERE ssn = '${word("a refused search")}'`,
    { text: "SELECT id FROM patients WHERE family_name = $1", values: [plant("a bind value: refused", false)] },
    `DELETE FROM patients -- ${word("a refused DELETE")}`,
    `SELECT pg_read_file('${word("a refused function")}')`,
    `DO $do$ BEGIN RAISE NOTICE '${word("DO")}'; END $do$`,
    `SELECT 1 FROM patients WHERE note = '${word("an unknown column")}' AND nothing = 1`,
    `SELECT '${word("an unterminated string")}`,
    `SELECT 1 FROM '${word("a string out of place")}'`,
    `SELECT 1 FROM ${number("a literal: a number out of place")}`,
    `SELECT $q$${word("an unterminated string in dollars")}`,
    `SELECT 1 /* ${word("an unterminated comment")}`,
    `SELECT "x ${word("an unterminated name")}`,
    `SELECT * FROM patients WHERE id = '${word("no number")}'`,
  );
  expect(refused.filter((code) => code === "00000")).toEqual([]);
}

async function failures(client: pg.Client): Promise<void> {
  const codes = await run(
    client,
    "UPDATE patients SET phone = 'x' WHERE id = 1",
    `UPDATE patients SET phone = 'x', email = '${plant("a literal of a failing row")}@example.org' WHERE id = 1`,
    `UPDATE patients SET birth_date = '${plant("a literal that is no date")}' WHERE id = 1`,
    {
      text: "UPDATE patients SET birth_date = $1::text::date WHERE id = 1",
      values: [plant("a bind value that is no date")],
    },
    `INSERT INTO patients SELECT * FROM patients WHERE given_name = '${plant("a literal: INSERT")}'`,
  );
  expect(codes.slice(0, 4)).toEqual(["23514", "23514", "22007", "22007"]);
}

async function holds(client: pg.Client): Promise<void> {
  for (const decision of ["approve", "deny"] as const) {
    const since = Date.now();
    const held = client
      .query(`UPDATE prescriptions SET instructions = '${plant(`a literal: held, ${decision}`)}' WHERE id = 7`)
      .catch(() => {});
    const { request } = await people.asked(since);
    said.push(["approvals show", Buffer.from((await people.postern("approvals", "show", request.id, "--json")).out)]);
    await people.answer(request.id, "dba", decision);
    await held;
  }
}

/** What the client claims of itself, before and at its login. */
async function claims(): Promise<void> {
  const wrong = plant("a token that is none", false);
  await home.client("engineer", { password: wrong }).catch(() => {});
  await home
    .client("engineer", { options: `-c postern.purpose=treatment -c work_mem='${plant("an option", false)}'` })
    .catch(() => {});
}

/** COPY FROM STDIN, by hand: no client library at hand speaks it. */
async function copyIn(): Promise<void> {
  const client = await WireClient.connect(home.run.gateway.port);
  await client.requestTls(readFileSync(home.run.ca, "utf8"));
  client.send(startup({ user: "engineer", database: "clinic" }));
  await client.until("R");
  client.send(password(await home.token("engineer")));
  await client.until("Z");
  client.send(typed("Q", "CREATE TEMP TABLE taken (word text)\0"));
  await client.until("Z");
  client.send(typed("Q", "COPY taken FROM STDIN\0"));
  expect((await client.until("G")).at(-1)?.type).toBe("G");
  client.send(Buffer.concat([typed("d", `${plant("data to be copied", false)}\n`), typed("c")]));
  await client.until("Z");
  client.send(typed("X"));
  client.close();
}

async function load(): Promise<void> {
  const direct = await home.direct();
  await cells(direct);
  await direct.end();
  const engineer = await home.client("engineer");
  await reads(engineer);
  await literals(engineer);
  await holds(engineer);
  await engineer.end();
  const dba = await home.client("dba");
  await failures(dba);
  await dba.end();
  await copyIn();
  await claims();
  // One that does not end before the gateway does.
  const left = await home.client("engineer");
  left.on("error", () => {});
  await run(left, `SELECT count(*) FROM formulary WHERE form = '${plant("a literal: the process was killed")}'`);
  await new Promise((resolve) => setTimeout(resolve, 2000));
}

async function ask(): Promise<void> {
  const { host, port } = home.run.admin;
  for (const path of ["healthz", "readyz", "metrics"])
    said.push([path, Buffer.from(await (await fetch(`http://${host}:${port}/${path}`)).text())]);
  for (const words of [["verify"], ["show", "last"], ["replay", "last", "--no-wait"]])
    said.push([words.join(" "), Buffer.from((await people.postern(...words)).out)]);
}

/** Everything under the state directory but the database itself, and what it logged. */
async function* kept(): AsyncGenerator<[string, Buffer]> {
  const { root } = home.state;
  for (const name of readdirSync(root, { recursive: true, encoding: "utf8" })) {
    const path = join(root, name);
    if (/^pg\/|^log\/postgres/.test(name)) continue;
    const bytes = contents(path);
    if (bytes === null) continue;
    yield [name, bytes];
    const lane = parseKey(relative("evidence", name))?.lane;
    if (lane === "events") yield [`${name}, unpacked`, Buffer.from(await decompress(bytes))];
    if (lane !== "recordings" && !/^spool\/[^,]*,[^,]*,[^,]*,\d+$/.test(name)) continue;
    const chunks: Uint8Array[] = [];
    for (const frame of splitBlocks(bytes).frames)
      for (const chunk of readChunks(await decompress(frame))) chunks.push(chunk.bytes);
    yield [`${name}, unpacked`, Buffer.concat(chunks)];
  }
}

/** Null for a folder, and for a file that has gone since: the gateway runs. */
function contents(path: string): Buffer | null {
  try {
    return statSync(path).isFile() ? readFileSync(path) : null;
  } catch {
    return null;
  }
}

function spellings(word: string): Buffer[] {
  const bytes = Buffer.from(word);
  return [word, word.toLowerCase(), bytes.toString("hex"), bytes.toString("base64").slice(0, 12)].map((text) =>
    Buffer.from(text),
  );
}

async function leaks(): Promise<string[]> {
  const found: string[] = [];
  const places = [...said];
  for await (const place of kept()) places.push(place);
  for (const { word, what } of canaries)
    for (const [place, bytes] of places)
      if (spellings(word).some((spelling) => bytes.includes(spelling))) found.push(`${what}: ${place}`);
  return found;
}

beforeAll(async () => {
  home = await startTestHome();
  people = approving(home);
  await load();
  await ask();
});
afterAll(async () => {
  people?.close();
  await home?.stop();
});

describe("canaries", { timeout: 60_000 }, () => {
  it("are nowhere in the clear while the gateway runs", async () => {
    expect(canaries.length).toBeGreaterThan(45);
    expect(await leaks()).toEqual([]);
  });

  it("are nowhere in the clear after the gateway was killed and has recovered, and are in the sealed lane", async () => {
    await home.restartProxy();
    expect(await leaks()).toEqual([]);
    const { root } = home.state;
    const sessions = new Set<string>();
    for (const name of readdirSync(join(root, "evidence/sealed"), { recursive: true, encoding: "utf8" })) {
      const session = parseKey(`sealed/${name}`)?.session;
      if (session !== undefined) sessions.add(session);
    }
    const opened: Buffer[] = [];
    for (const session of sessions) for (const { bytes } of (await openSealed(root, session)).parts) opened.push(bytes);
    const all = Buffer.concat(opened);
    const missing = canaries.filter(({ word, sealed }) => sealed && !all.includes(word));
    expect(missing.map(({ what }) => what)).toEqual([]);
  });
});

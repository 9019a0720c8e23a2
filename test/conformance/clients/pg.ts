// node-postgres, with pg-cursor and pg-copy-streams.
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { Readable, type Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import pg from "pg";
import { connection } from "./connection.ts";
import { failing, setup, sql, step } from "./support.ts";

const { part, cache, ...route } = connection();
const installed = createRequire(`${cache}/npm/package.json`);
const Cursor = installed("pg-cursor");
const { from: copyFrom, to: copyTo } = installed("pg-copy-streams") as {
  from(sql: string): Writable & pg.Submittable;
  to(sql: string): Readable & pg.Submittable;
};

// Dates as the server writes them: a JavaScript Date would add a time zone.
pg.types.setTypeParser(1082, (value) => value);

async function connect(): Promise<pg.Client> {
  const client = new pg.Client(route);
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

const client = await connect();
const rows = async (query: string | pg.QueryConfig, values?: unknown[]) =>
  (await client.query(query as string, values)).rows;
const extended = (query: string, more: object = {}) =>
  rows({ text: query, queryMode: "extended", ...more } as pg.QueryConfig);

async function everything(): Promise<void> {
  await step("setup", async () => {
    for (const statement of setup()) await client.query(statement);
  });
  await step("types simple", () => rows(sql("types")));
  await step("types extended", () => extended(sql("types")));
  await step("types binary", () => extended("SELECT 7::int4 AS i, true AS b, 'é☃' AS t", { binary: true }));
  await step("describe", async () => {
    const { fields } = await client.query("SELECT id, name AS n, price * 2 AS p FROM scratch.items LIMIT 0");
    return fields.map(({ name, dataTypeID, columnID }) => [name, dataTypeID, columnID]);
  });
  await step("parameters", () =>
    rows("SELECT $1::int + $2::int AS sum, $3::text AS text, $4::jsonb AS json", [1, 2, "'; --", { a: 1 }]),
  );
  await step("prepared", async () => {
    const found = [];
    for (let id = 1; id <= 5; id++)
      found.push(await rows({ name: "by-id", text: "SELECT * FROM scratch.items WHERE id = $1", values: [id] }));
    return found;
  });
  await step("prepared in SQL", async () => {
    await client.query("PREPARE by_name (text) AS SELECT id FROM scratch.items WHERE name = $1");
    const found = await rows("EXECUTE by_name('item 7')");
    await client.query("DEALLOCATE by_name");
    return found;
  });
  await step("several statements", async () => {
    const results = (await client.query(
      "SELECT 1 AS a; SELECT 2 AS b; SET statement_timeout = 0",
    )) as unknown as pg.QueryResult[];
    return results.map((result) => [result.command, result.rows]);
  });
  await step("without waiting", () =>
    Promise.all(Array.from({ length: 20 }, (_, i) => rows("SELECT $1::int * 2 AS twice", [i]))),
  );
  await step("empty", async () => (await client.query("")).rowCount);
  await step("transactions", transactions);
  for (const [name, statement] of failing()) await step(`error: ${name}`, () => client.query(statement));
  await step("error in extended", () => rows("SELECT 1 / $1::int", [0]));
  await step("transaction after an error", afterError);
  await step("cursor", cursor);
  await step("cursor in SQL", cursorInSql);
  await step("copy in", copyIn);
  await step("copy out", async () => text(client.query(copyTo("COPY scratch.items TO STDOUT (FORMAT csv, HEADER)"))));
  await step("copy out of a query", async () =>
    text(client.query(copyTo("COPY (SELECT id, tags FROM scratch.items WHERE id < 5 ORDER BY id) TO STDOUT"))),
  );
  await step("copy that fails", async () => text(client.query(copyTo("COPY scratch.nope TO STDOUT"))));
  await step("large values", large);
  await step("many rows", async () =>
    digest(JSON.stringify(await rows("SELECT i, repeat('x', 20) AS x FROM generate_series(1, 50000) AS i"))),
  );
  await step("notices", notices);
  await step("notify", notify);
  await step("cancel", cancel);
  await step("afterwards", () => rows("SELECT count(*) FROM scratch.items"));
  await step("teardown", async () => (await client.query(sql("teardown"))).command);
}

async function transactions(): Promise<unknown> {
  const seen: unknown[] = [];
  const count = async () => seen.push((await rows("SELECT count(*)::int AS n FROM scratch.items"))[0].n);
  await client.query("BEGIN ISOLATION LEVEL SERIALIZABLE");
  await client.query("INSERT INTO scratch.items (id, name) VALUES (2000, 'new')");
  await client.query("SAVEPOINT here");
  await client.query("DELETE FROM scratch.items WHERE id > 500");
  await count();
  await client.query("ROLLBACK TO here");
  await count();
  await client.query("RELEASE here");
  await client.query("ROLLBACK");
  await count();
  return seen;
}

async function afterError(): Promise<unknown> {
  await client.query("BEGIN");
  const codes: unknown[] = [];
  for (const statement of ["SELECT 1/0", "SELECT 1", "ROLLBACK", "SELECT 1"])
    codes.push(
      await client.query(statement).then(
        (result) => result.command,
        (error) => error.code,
      ),
    );
  return codes;
}

async function cursor(): Promise<unknown> {
  const read = client.query(new Cursor("SELECT id FROM scratch.items WHERE id <= $1 ORDER BY id", [25]));
  const sizes = [];
  for (let some = await read.read(10); some.length > 0; some = await read.read(10)) sizes.push(some);
  await read.close();
  return sizes;
}

async function cursorInSql(): Promise<unknown> {
  await client.query("BEGIN");
  await client.query("DECLARE c SCROLL CURSOR FOR SELECT id, name FROM scratch.items ORDER BY id");
  const found = [];
  for (const fetch of [
    "FETCH 3 FROM c",
    "FETCH ABSOLUTE 100 FROM c",
    "FETCH BACKWARD 2 FROM c",
    "MOVE 5 IN c",
    "FETCH c",
  ])
    found.push(await rows(fetch));
  await client.query("CLOSE c");
  await client.query("COMMIT");
  return found;
}

async function copyIn(): Promise<unknown> {
  await client.query("BEGIN");
  const lines = Array.from({ length: 3000 }, (_, i) => `${5000 + i}\tcopied \\\\ ${i}\t\\N\n`);
  await pipeline(Readable.from(lines), client.query(copyFrom("COPY scratch.items (id, name, price) FROM STDIN")));
  const found = await rows("SELECT count(*)::int AS n, min(name) AS least FROM scratch.items WHERE id >= 5000");
  const failed = await pipeline(
    Readable.from(["1\tdouble\n"]),
    client.query(copyFrom("COPY scratch.items (id, name) FROM STDIN")),
  ).then(
    () => "",
    (error) => error.code,
  );
  await client.query("ROLLBACK");
  return [found, failed];
}

async function large(): Promise<unknown> {
  const value = "0123456789abcdef☃".repeat(200_000);
  const bytes = Buffer.alloc(1_000_000, "\u0000\u0001\xff");
  const [row] = await rows("SELECT $1::text AS value, $2::bytea AS bytes, length($1::text) AS n", [value, bytes]);
  return [digest(row.value), digest(row.bytes), row.n];
}

function digest(value: string | Buffer): string {
  return `${value.length} ${createHash("sha256").update(value).digest("hex")}`;
}

async function notices(): Promise<unknown> {
  const heard: unknown[] = [];
  const listen = (notice: { severity?: string | undefined; code?: string | undefined; message?: string | undefined }) =>
    heard.push([notice.severity, notice.code, notice.message]);
  client.on("notice", listen);
  await client.query("DROP TABLE IF EXISTS scratch.never_was");
  client.off("notice", listen);
  return heard;
}

async function notify(): Promise<unknown> {
  const heard = new Promise((resolve) =>
    client.once("notification", ({ channel, payload }) => resolve([channel, payload])),
  );
  await client.query("LISTEN conformance");
  await client.query("NOTIFY conformance, 'hello'");
  const result = await heard;
  await client.query("UNLISTEN conformance");
  return result;
}

async function cancel(): Promise<unknown> {
  const busy = await connect();
  const failed = busy.query("SELECT count(*) FROM generate_series(1, 100000000000)").then(
    () => "done",
    (error) => error.code,
  );
  await new Promise((resolve) => setTimeout(resolve, 300));
  const canceller = new pg.Client(route) as unknown as { cancel(client: unknown, query: unknown): void };
  canceller.cancel(busy, (busy as unknown as { activeQuery: unknown }).activeQuery);
  const code = await failed;
  const after = (await busy.query("SELECT 'usable' AS state")).rows;
  await busy.end();
  return [code, after];
}

async function phi(): Promise<void> {
  await step("phi simple", () => rows(sql("patients")));
  await step("phi extended", () => extended(sql("patients")));
  await step("phi prepared", () => rows({ name: "patients", text: sql("patients").replace("25", "$1"), values: [25] }));
  await step("phi cursor", async () => {
    const read = client.query(new Cursor(sql("patients")));
    const all = [];
    for (let some = await read.read(7); some.length > 0; some = await read.read(7)) all.push(...some);
    await read.close();
    return all;
  });
  await step("derived simple", () => rows(sql("derived")));
  await step("derived extended", () => extended(sql("derived")));
  await step("copied patients", async () => text(client.query(copyTo(`COPY (${sql("patients")}) TO STDOUT`))));
  await step("counted", () => rows("SELECT count(*)::int AS n, count(email)::int AS emails FROM public.patients"));
  await step("echo", async () =>
    client.query("SELECT full_name::int FROM public.patients WHERE id = 1").catch((error) => error.message),
  );
  await step("bisected", () => rows("SELECT id FROM public.patients WHERE ssn LIKE '9%' ORDER BY id LIMIT 3"));
}

if (part === "all") await everything();
await phi();
await client.end();

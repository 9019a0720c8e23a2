// postgres.js: pipelines by itself, prepares what it sends.
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import postgres from "postgres";
import { connection } from "./connection.ts";
import { failing, sql as read, setup, step } from "./support.ts";

const { part, cache: _, user, ...route } = connection();
const heard: unknown[] = [];
const options = {
  ...route,
  username: user,
  max: 1,
  // Dates as the server writes them.
  types: { date: { to: 1082, from: [1082], serialize: String, parse: String } },
  onnotice: ({ severity, code, message }: postgres.Notice) => void heard.push([severity, code, message]),
};
const sql = postgres(options);
const list = (rows: Iterable<unknown>) => [...rows];

async function everything(): Promise<void> {
  await step("setup", async () => {
    for (const statement of setup()) await sql.unsafe(statement).simple();
  });
  await step("types simple", async () => list(await sql.unsafe(read("types")).simple()));
  await step("types extended", async () => list(await sql.unsafe(read("types"))));
  await step("types prepared", async () => list(await sql.unsafe(read("types"), [], { prepare: true })));
  await step("describe", async () => {
    const { statement } = (await sql.unsafe(
      "SELECT id, name AS n, price * 2 AS p FROM scratch.items WHERE id = $1",
      [1],
    )) as unknown as {
      statement: { columns: { name: string; type: number; number: number }[]; types: number[] };
    };
    return [statement.types, statement.columns.map(({ name, type, number }) => [name, type, number])];
  });
  await step("parameters", async () =>
    list(
      await sql`SELECT ${1}::int + ${2}::int AS sum, ${"'; --"}::text AS text, ${sql.json({ a: 1 })}::jsonb AS json, ${sql.array(["a", "b,"])}::text[] AS list`,
    ),
  );
  await step("prepared", async () => {
    const found = [];
    for (let id = 1; id <= 5; id++) found.push(list(await sql`SELECT * FROM scratch.items WHERE id = ${id}`));
    return found;
  });
  await step("pipeline", () =>
    Promise.all(Array.from({ length: 100 }, (_, i) => sql`SELECT ${i}::int * 2 AS twice`.then(list))),
  );
  await step("pipeline with an error", () =>
    Promise.all([1, 0, 2].map((by) => sql`SELECT 10 / ${by}::int AS part`.then(list, (error) => error.code))),
  );
  await step("several inserted", async () => {
    const rows = Array.from({ length: 50 }, (_, i) => ({ id: 7000 + i, name: `batch ${i}` }));
    const made = await sql`INSERT INTO scratch.items ${sql(rows, "id", "name")} RETURNING id, name`;
    const gone = await sql`DELETE FROM scratch.items WHERE id >= 7000`;
    return [list(made), gone.count];
  });
  await step("transaction", async () => {
    const seen: unknown[] = [];
    await sql
      .begin(async (tx) => {
        await tx`UPDATE scratch.items SET price = 0 WHERE id = 1`;
        await tx
          .savepoint(async (inner) => {
            await inner`DELETE FROM scratch.items WHERE id > 10`;
            seen.push(list(await inner`SELECT count(*)::int AS n FROM scratch.items`));
            throw new Error("back to the savepoint");
          })
          .catch(() => undefined);
        seen.push(list(await tx`SELECT count(*)::int AS n FROM scratch.items`));
        throw new Error("back to the start");
      })
      .catch((error) => seen.push(error.message));
    seen.push(list(await sql`SELECT price FROM scratch.items WHERE id = 1`));
    return seen;
  });
  for (const [name, statement] of failing()) await step(`error: ${name}`, () => sql.unsafe(statement).simple());
  for (const [name, statement] of failing()) await step(`error in extended: ${name}`, () => sql.unsafe(statement));
  await step("cursor", async () => {
    const sizes: unknown[] = [];
    for await (const rows of sql`SELECT id FROM scratch.items WHERE id <= 25 ORDER BY id`.cursor(10))
      sizes.push(list(rows));
    return sizes;
  });
  await step("copy in", async () => {
    const lines = Array.from({ length: 3000 }, (_, i) => `${5000 + i}\tcopied \\\\ ${i}\t\\N\n`);
    await pipeline(Readable.from(lines), await sql`COPY scratch.items (id, name, price) FROM STDIN`.writable());
    const found = list(await sql`SELECT count(*)::int AS n, min(name) AS least FROM scratch.items WHERE id >= 5000`);
    return [found, (await sql`DELETE FROM scratch.items WHERE id >= 5000`).count];
  });
  for (const format of ["text", "csv", "binary"])
    await step(`copy out as ${format}`, async () =>
      digest(await copied(`COPY scratch.items TO STDOUT (FORMAT ${format})`)),
    );
  await step("large values", async () => {
    const value = "0123456789abcdef☃".repeat(200_000);
    const [row] = await sql`SELECT ${value}::text AS value, ${Buffer.alloc(1_000_000, 7)}::bytea AS bytes`;
    return [digest(row?.value), digest(row?.bytes)];
  });
  await step("notices", async () => {
    heard.length = 0;
    await sql`DROP TABLE IF EXISTS scratch.never_was`;
    return heard;
  });
  await step("notify", notify);
  await step("cancel", async () => {
    const busy = sql`SELECT count(*) FROM generate_series(1, 100000000000)`.execute();
    setTimeout(() => busy.cancel(), 300);
    const code = await busy.then(
      () => "done",
      (error) => error.code,
    );
    return [code, list(await sql`SELECT 'usable' AS state`)];
  });
  await step("teardown", async () => (await sql.unsafe(read("teardown"))).command);
}

/** It listens on a connection of its own: of what others say there, the gateway tells that they did, not what. */
async function notify(): Promise<unknown> {
  const other = postgres(options);
  let hear: () => void = () => undefined;
  const heard = new Promise<void>((resolve) => {
    hear = resolve;
  });
  const { unlisten } = await other.listen("conformance_js", hear);
  await sql.notify("conformance_js", "hello");
  await heard;
  await unlisten();
  await other.end();
  return "heard";
}

async function copied(statement: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of await sql.unsafe(statement).readable()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function digest(value: string | Buffer): string {
  return `${value.length} ${createHash("sha256").update(value).digest("hex")}`;
}

async function phi(): Promise<void> {
  await step("phi simple", async () => list(await sql.unsafe(read("patients")).simple()));
  await step("phi extended", async () => list(await sql.unsafe(read("patients"))));
  await step("phi prepared", async () =>
    list(await sql.unsafe(read("patients").replace("25", "$1"), [25], { prepare: true })),
  );
  await step("phi cursor", async () => {
    const all: unknown[] = [];
    for await (const rows of sql.unsafe(read("patients")).cursor(4)) all.push(...rows);
    return all;
  });
  await step("derived simple", async () => list(await sql.unsafe(read("derived")).simple()));
  await step("derived extended", async () => list(await sql.unsafe(read("derived"))));
  await step("copied patients", async () => text(await sql.unsafe(`COPY (${read("patients")}) TO STDOUT`).readable()));
  await step("counted", async () =>
    list(await sql`SELECT count(*)::int AS n, count(email)::int AS emails FROM public.patients`),
  );
  await step("echo", () =>
    sql`SELECT full_name::int FROM public.patients WHERE id = 1`.catch((error) => error.message),
  );
  await step("bisected", async () =>
    list(await sql`SELECT id FROM public.patients WHERE ssn LIKE ${"9%"} ORDER BY id LIMIT 3`),
  );
}

if (part === "all") await everything();
await phi();
await sql.end();

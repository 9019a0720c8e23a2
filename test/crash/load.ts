// Many clients that send statements which can be told apart, until the gateway goes away under them.
import pg from "pg";
import type { Route } from "#test/bench/route.ts";

/** Every statement of a run has a number of its own, kept where normalizing leaves it: in an alias. */
export class Counter {
  #last = 0;
  next(): number {
    return ++this.#last;
  }
}

/** Finds the numbers that statements carry. */
export const NUMBERED = /\bAS n_(\d+)\b/;
/** The statement that is sent over and over: evidence refers to its first appearance. */
export const AGAIN = "SELECT count(*) AS again FROM executed WHERE id = $1";

/** Resolves when the connection breaks. @throws when the gateway refuses anything */
export async function load(route: Route, counter: Counter, kind: "simple" | "extended" | "prepared"): Promise<void> {
  const { host, port, database, user, password } = route;
  const client = new pg.Client({ host, port, database, user, password, ssl: { rejectUnauthorized: false } });
  client.on("error", () => undefined);
  try {
    await client.connect();
    for (;;) await send(client, counter.next(), kind);
  } catch (error) {
    if (error instanceof pg.DatabaseError) throw error;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function send(client: pg.Client, id: number, kind: "simple" | "extended" | "prepared"): Promise<void> {
  if (kind === "prepared") {
    await client.query({ name: "again", text: AGAIN, values: [id] });
    return;
  }
  const insert = id % 2 === 0;
  if (kind === "simple")
    await client.query(
      insert ? `INSERT INTO executed (id) VALUES (${id}) RETURNING id AS n_${id}` : `SELECT ${id} AS n_${id}`,
    );
  else
    await client.query(
      insert ? `INSERT INTO executed (id) VALUES ($1) RETURNING id AS n_${id}` : `SELECT $1::int AS n_${id}`,
      [id],
    );
}

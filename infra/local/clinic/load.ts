// Makes the database of the demo clinic on a running PostgreSQL: schema, rows by COPY, keys and grants, statistics.
import { readFile } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type postgres from "postgres";
import type { ClinicOptions } from "./clinic.ts";
import { clinicTables } from "./generate.ts";

type Sql = ReturnType<typeof postgres>;

/** What the demo clinic is made of: whoever keeps a loaded database can tell by their content whether it is still right. */
export const CLINIC_FOLDER = new URL("./", import.meta.url);

const script = (name: string) => readFile(new URL(name, CLINIC_FOLDER), "utf8");

/**
 * Fills an empty database.
 * @param sql a connection to the database `clinic` as a superuser; the role `postern_gateway` exists
 * @returns the number of rows of each table
 */
export async function loadClinic(sql: Sql, options: ClinicOptions): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  await sql.begin(async (tx) => {
    await tx.unsafe(await script("schema.sql")).simple();
    for (const { table, columns, chunks } of clinicTables(options)) {
      const into = await tx.unsafe(`COPY ${table} (${columns}) FROM STDIN`).writable();
      await pipeline(Readable.from(chunks()), into);
      const [row] = await tx.unsafe(`SELECT count(*)::int AS count FROM ${table}`);
      counts.set(table, row?.count);
    }
    await tx.unsafe(await script("after-load.sql")).simple();
  });
  await sql`ANALYZE`;
  return counts;
}

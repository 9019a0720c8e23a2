// Runs PostgreSQL's regression SQL, each file on a database of its own that holds what the files before it have made.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { startPostgres } from "#test/support/postgres.ts";
import { ROOT } from "#test/support/project.ts";
import { stepsOf } from "./script.ts";
import { connected, OracleSession } from "./session.ts";

const SQL = join(ROOT, "node_modules/.cache/postern-regression");

/** Files whose tables and functions others use: they run first, in this order, on the database that the others get a copy of. */
export const GROUND: readonly string[] = [
  "test_setup create_function_c create_misc create_operator create_procedure create_table create_type create_schema",
  "create_index create_view create_aggregate create_function_sql create_cast",
]
  .join(" ")
  .split(" ");

export interface FileResult {
  readonly file: string;
  /** Statements that the server ran, and how many of these the analysis calls complete. */
  readonly ran: number;
  readonly complete: number;
  /** Reasons of gaps, by how often they were the only one. */
  readonly gaps: ReadonlyMap<string, number>;
  readonly disagreements: readonly { readonly sql: string; readonly what: string }[];
}

/** @throws when the regression SQL cannot be had */
export function fetchScripts(): string[] {
  const { status, stdout, stderr } = spawnSync("bash", [join(import.meta.dirname, "fetch.sh"), SQL], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`fetch.sh ended with ${status}\n${stdout}${stderr}`);
  return readdirSync(SQL)
    .filter((name) => name.endsWith(".sql"))
    .map((name) => name.slice(0, -4))
    .sort();
}

/** One server, on which the ground is laid and then files that nobody else has taken run, one after the other. */
export async function runFiles(take: () => string | undefined, done: (result: FileResult) => void): Promise<void> {
  const server = await startPostgres();
  const place = { host: server.host, port: server.port, user: server.user, password: server.password };
  const admin = async (sql: string): Promise<void> => {
    const client = await connected({ ...place, database: "postgres" });
    await client.query(sql);
    await client.end();
  };
  try {
    await admin("CREATE DATABASE ground");
    let session = await OracleSession.open({ ...place, database: "ground" });
    for (const file of GROUND) done(await runFile(session, file));
    const { snapshot } = session;
    await session.close();
    for (let file = take(); file !== undefined; file = take()) {
      await admin("CREATE DATABASE regression TEMPLATE ground");
      session = await OracleSession.open({ ...place, database: "regression" }, snapshot);
      done(await runFile(session, file));
      await session.close();
      await admin("DROP DATABASE regression WITH (FORCE)");
    }
  } finally {
    await server.stop();
  }
}

async function runFile(session: OracleSession, file: string): Promise<FileResult> {
  await session.reconnect();
  const result = {
    file,
    ran: 0,
    complete: 0,
    gaps: new Map<string, number>(),
    disagreements: [] as { sql: string; what: string }[],
  };
  for (const step of stepsOf(readFileSync(join(SQL, `${file}.sql`), "utf8"))) {
    if ("reconnect" in step) {
      await session.reconnect();
      continue;
    }
    const outcome = await session.step(step.sql);
    if (outcome === null || !outcome.ran) continue;
    result.ran++;
    if (outcome.facts.complete) result.complete++;
    const [first, second] = outcome.facts.gaps;
    if (first !== undefined && second === undefined) {
      const gap = `${first.reason} ${first.what}`;
      result.gaps.set(gap, (result.gaps.get(gap) ?? 0) + 1);
    }
    for (const what of outcome.disagreements) result.disagreements.push({ sql: step.sql, what });
  }
  return result;
}

// psql itself: commands about the catalog, what tab completion asks, \copy and \gx.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connection } from "./connection.ts";
import { failing, sql, step } from "./support.ts";

const { part } = connection();
const folder = mkdtempSync(join(tmpdir(), "postern-psql-"));

/** What psql prints for commands that are typed in, its errors included. */
function typed(input: string, ...options: string[]): string {
  const args = [
    "--no-psqlrc",
    "--no-password",
    "--quiet",
    "--set=VERBOSITY=verbose",
    "--set=SHOW_CONTEXT=never",
    "--pset=pager=off",
    ...options,
  ];
  const { stdout, stderr, status } = spawnSync("psql", args, { input, encoding: "utf8", maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(`psql ended with ${status}: ${stderr}`);
  // Where in the server's source an error was raised is nobody's business, and not the same through the gateway.
  return (stdout + stderr).replace(/^LOCATION:.*\n/gm, "");
}

const COMMANDS = [
  "\\d",
  "\\d public.patients",
  "\\d+ public.patients",
  "\\d+ public.patient_directory",
  "\\d+ lab_results",
  "\\dt+ public.departments",
  "\\dt+",
  "\\dv+",
  "\\dm",
  "\\di",
  "\\ds",
  "\\df",
  "\\df+ public.touch",
  "\\dn+",
  "\\dT+",
  "\\dD",
  "\\du",
  "\\dp public.patients",
  "\\dx",
  "\\do scratch.*",
  "\\dC",
  "\\dRp",
  "\\sf public.touch",
  "\\sv public.patient_directory",
  "\\dd",
  "\\db",
  "\\dconfig work_mem",
  "\\d scratch.items",
  "\\dt scratch.*",
  "\\encoding",
  "\\d no_such_table",
];

async function everything(): Promise<void> {
  await step("setup", () => typed(sql("setup")));
  for (const command of COMMANDS) await step(command, () => typed(command));
  for (const [i, query] of sql("psql-completion")
    .split(/^-- .*\n/m)
    .filter(Boolean)
    .entries())
    await step(`completion ${i}`, () => typed(query));
  await step("\\gx", () => typed("SELECT id, name, tags FROM scratch.items WHERE id = 3 \\gx"));
  await step("\\gdesc", () => typed("SELECT id, name, price * 2 AS p FROM scratch.items \\gdesc"));
  await step("\\gset", () => typed("SELECT 7 AS seven \\gset\nSELECT :seven + 1;"));
  await step("\\bind", () =>
    typed("SELECT id FROM scratch.items WHERE id < $1 ORDER BY id \\bind 4 \\g").includes("invalid command"),
  );
  await step("\\crosstabview", () =>
    typed("SELECT id, id % 2 AS odd, name FROM scratch.items WHERE id < 5 ORDER BY id \\crosstabview"),
  );
  await step("types", () => typed(`${sql("types")} \\gx`));
  await step("csv", () => typed("SELECT id, tags, data FROM scratch.items WHERE id < 5 ORDER BY id;", "--csv"));
  await step("cursor by FETCH_COUNT", () =>
    typed("\\set FETCH_COUNT 7\nSELECT id FROM scratch.items WHERE id <= 30 ORDER BY id;"),
  );
  await step("\\copy out", () => {
    const file = join(folder, "out.csv");
    return [typed(`\\copy scratch.items TO '${file}' WITH (FORMAT csv, HEADER)`), readFileSync(file, "utf8")];
  });
  await step("\\copy in", () => {
    const file = join(folder, "in.txt");
    writeFileSync(file, Array.from({ length: 2000 }, (_, i) => `${5000 + i}\tfrom a file\n`).join(""));
    return typed(
      `\\copy scratch.items (id, name) FROM '${file}'\nSELECT count(*) FROM scratch.items;\nDELETE FROM scratch.items WHERE id >= 5000;`,
    );
  });
  await step("copy in from the terminal", () =>
    typed(
      "BEGIN;\nCOPY scratch.items (id, name) FROM STDIN;\n6000\ttyped\n\\.\nSELECT name FROM scratch.items WHERE id = 6000;\nROLLBACK;",
    ),
  );
  await step("transaction state in the prompt", () =>
    typed("BEGIN;\nSELECT 1/0;\n\\echo :ERROR :SQLSTATE\nSELECT 1;\nROLLBACK;\nSELECT 1;"),
  );
  await step("several in one", () => typed("SELECT 1 \\; SELECT 2 \\; SELECT 3;"));
  for (const [name, statement] of failing())
    await step(`error: ${name}`, () => /ERROR: {2}(\w{5})/.exec(typed(`${statement};`))?.[1]);
  await step("error: division, in words", () => typed("SELECT 1/0;"));
  await step("notice", () => typed("DROP TABLE IF EXISTS scratch.never_was;"));
  await step("notify", () => typed("LISTEN here;\nNOTIFY here, 'hello';").replace(/PID \d+/, "PID"));
  await step("teardown", () => typed(sql("teardown")));
}

async function phi(): Promise<void> {
  await step("phi json", () =>
    JSON.parse(`[${lines(typed(`${sql("patients")};`, "--tuples-only", "--no-align", "--field-separator=\u0001"))}]`),
  );
  await step("copied patients", () => {
    const file = join(folder, "patients.txt");
    const said = typed(`\\copy (${sql("patients").replace("\n", " ")}) TO '${file}'`);
    return said === "" ? readFileSync(file, "utf8") : { failed: /ERROR: {2}(\w{5})/.exec(said)?.[1] };
  });
  await step("derived shown", () =>
    JSON.parse(
      `[${lines(typed(`${sql("derived")};`, "--tuples-only", "--no-align", "--field-separator=\u0001"), DERIVED)}]`,
    ),
  );
  await step("counted", () => typed("SELECT count(*), count(email) FROM public.patients;"));
  await step("echo", () => typed("SELECT full_name::int FROM public.patients WHERE id = 1;"));
}

const PATIENT =
  "id mrn full_name birth_date birth_year ssn phone email portal_id insurance allergies note created_at".split(" ");
const DERIVED = "id upper suffixed part md5 length joined some".split(" ");

/** Rows of unaligned output as objects. */
function lines(output: string, names = PATIENT): string {
  const rows = output.split("\n").filter((line) => line.includes("\u0001"));
  return rows
    .map((line) =>
      JSON.stringify(
        Object.fromEntries(line.split("\u0001").map((value, i) => [names[i], value === "" ? null : value])),
      ),
    )
    .join(",");
}

if (part === "all") await everything();
await phi();
rmSync(folder, { recursive: true });

// The programs that the bench runs but does not bring.
import { execFileSync } from "node:child_process";

const PROGRAMS = ["pgbench", "pgbouncer", "psql"] as const;

/** @returns program -> version line. @throws an Error that says how to install what is missing */
export function versions(): Record<string, string> {
  const found: Record<string, string> = {};
  const missing: string[] = [];
  for (const program of PROGRAMS) {
    try {
      found[program] = execFileSync(program, ["--version"], { encoding: "utf8" }).split("\n")[0] ?? "";
    } catch {
      missing.push(program);
    }
  }
  if (missing.length > 0)
    throw new Error(
      `the bench needs ${missing.join(", ")} on the PATH. On Debian or Ubuntu:\n` +
        "  apt-get install postgresql-client postgresql-contrib pgbouncer\nOn macOS:\n  brew install libpq pgbouncer postgresql",
    );
  return found;
}

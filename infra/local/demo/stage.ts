// What the demo's story is played on: the commands that a person would type, and a look at the database behind the gateway's back.
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import postgres from "postgres";
import type { LocalHome } from "../home.ts";
import { childEnvironment, PROJECT } from "../settings.ts";

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Stage {
  /** The home's state directory: where the evidence is. */
  readonly state: string;
  /** Runs the `postern` command, on this home or on another state directory. */
  postern(args: readonly string[], state?: string): Promise<Ran>;
  /** Asks the database itself, as its superuser: what is really there. All values as text. */
  direct(statement: string): Promise<(string | null)[][]>;
  /** Tells the audience. */
  tell(line: string): void;
}

/** A step that did not do what it says. */
export class BrokenPromise extends Error {
  override readonly name = "BrokenPromise";
}

/** @throws BrokenPromise */
export function must(so: boolean, otherwise: string): asserts so {
  if (!so) throw new BrokenPromise(otherwise);
}

export function stageOn({ state, run }: LocalHome, tell: (line: string) => void): Stage {
  return {
    state: state.root,
    tell,
    postern: (args, on = state.root) =>
      new Promise((resolve) => {
        const command = [join(PROJECT, "cli/src/main.ts"), ...args];
        const options = { env: childEnvironment({ POSTERN_STATE: on }), maxBuffer: 64 << 20 };
        execFile(process.execPath, ["--disable-warning=ExperimentalWarning", ...command], options, (error, out, err) =>
          resolve({ code: error === null ? 0 : typeof error.code === "number" ? error.code : 255, out, err }),
        );
      }),
    direct: async (statement) => {
      const password = readFileSync(join(state.credentials, "postgres"), "utf8");
      const ssl = { ca: readFileSync(run.ca, "utf8") };
      const options = { ...run.database, user: "postgres", database: "clinic", password, ssl, max: 1, prepare: false };
      const sql = postgres(options);
      try {
        const rows = await sql.unsafe(statement).simple().raw();
        return rows.map((row) => row.map((cell) => (cell === null ? null : cell.toString())));
      } finally {
        await sql.end();
      }
    },
  };
}

// How the client programs are told where to connect: by libpq's environment variables, which most clients know by themselves.
import { readFileSync } from "node:fs";
import { environment } from "#test/support/settings.ts";

export interface Connection {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly ssl: { readonly ca: string };
  /** `phi` for an identity that may do nothing else. */
  readonly part: "all" | "phi";
  /** Folder that setup.sh has filled. */
  readonly cache: string;
}

export function connection(): Connection {
  const env = environment();
  const told = (name: string) => {
    const value = env[name];
    if (value === undefined) throw new Error(`${name} is not set`);
    return value;
  };
  return {
    host: told("PGHOST"),
    port: Number(told("PGPORT")),
    user: told("PGUSER"),
    password: told("PGPASSWORD"),
    database: told("PGDATABASE"),
    ssl: { ca: readFileSync(told("PGSSLROOTCERT"), "utf8") },
    part: told("CONFORMANCE_PART") === "phi" ? "phi" : "all",
    cache: told("CONFORMANCE_CACHE"),
  };
}

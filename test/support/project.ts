// The project as files: for the tools that look at it from outside.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/** TypeScript 7's command line, from the project's root. */
export const TSC = "node_modules/@typescript/native/bin/tsc";

/** @returns every file of the project with one of these endings, whether committed or about to be, without what must not compile */
export function projectFiles(endings: readonly string[]): string[] {
  const args = ["ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate"];
  return execFileSync("git", args, { cwd: ROOT, encoding: "utf8" })
    .split("\n")
    .filter((path) => endings.some((ending) => path.endsWith(ending)) && !path.includes("/not-compile/"))
    .filter((path) => existsSync(`${ROOT}/${path}`));
}

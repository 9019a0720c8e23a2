// `node test/bench/cold-start.ts`: the bundles of the functions as the stacks make them: how large they are, and how long a new process takes until the handler is there.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { buildSync } from "esbuild";
import { ROOT } from "#test/support/project.ts";
import { BUNDLING, CEDAR } from "../../infra/constructs/function.ts";

const RUNS = 7;
const MEASURE = `
const started = performance.now();
const { handler } = require("./index.js");
if (typeof handler !== "function") throw new Error("no handler");
process.stdout.write(String(performance.now() - started));`;

const functions = readdirSync(join(ROOT, "functions/src"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== "adapters")
  .map(({ name }) => name)
  .sort();
const kilobytes = (bytes: number) => `${Math.round(bytes / 1000)} kB`;

console.log("| function | bundle | gzip | init |\n|---|---|---|---|");
for (const name of functions) {
  const folder = mkdtempSync(join(tmpdir(), "postern-init-"));
  const outfile = join(folder, "index.js");
  buildSync({
    ...BUNDLING,
    entryPoints: [join(ROOT, "functions/src", name, "handler.ts")],
    outfile,
    bundle: true,
    platform: "node",
    logLevel: "error",
  });
  copyFileSync(join(ROOT, CEDAR), join(folder, "cedar_wasm_bg.wasm"));
  const times = Array.from({ length: RUNS }, () => init(folder)).sort((a, b) => a - b);
  const median = times[Math.floor(RUNS / 2)] as number;
  const zipped = gzipSync(readFileSync(outfile)).length;
  console.log(`| ${name} | ${kilobytes(statSync(outfile).size)} | ${kilobytes(zipped)} | ${Math.round(median)} ms |`);
  rmSync(folder, { recursive: true });
}

function init(cwd: string): number {
  const { stdout, stderr, status } = spawnSync(process.execPath, ["-e", MEASURE], { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return Number(stdout);
}

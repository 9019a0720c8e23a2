// Set-up for every npm script: runs on Node 20 with nothing installed. Installs what package-lock.json says if that has not been done,
// then runs a program of the project with the project's own Node 24:   node infra/local/setup.mjs [program [arguments]]
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const modules = join(root, "node_modules");
const stamp = join(modules, ".postern-installed");
const windows = process.platform === "win32";
const node = join(modules, "node/bin", windows ? "node.exe" : "node");

/** What must be the same for an installation to be still right. */
function wanted() {
  const lock = readFileSync(join(root, "package-lock.json"));
  return createHash("sha256").update(lock).update(`${process.platform} ${process.arch}`).digest("hex");
}

function installed() {
  return existsSync(node) && existsSync(stamp) && readFileSync(stamp, "utf8") === wanted();
}

/** @returns {Promise<number>} the exit code */
function run(command, args, options = {}) {
  return new Promise((done) => {
    const child = spawn(command, args, { cwd: root, stdio: "inherit", ...options });
    // Ctrl-C reaches the child by itself; it decides what that means.
    process.on("SIGINT", () => {});
    process.on("SIGTERM", () => child.kill("SIGTERM"));
    child.on("error", (error) => {
      process.stderr.write(`${command}: ${error.message}\n`);
      done(127);
    });
    child.on("exit", (code, signal) => done(code ?? 128 + (constants.signals[signal] ?? 0)));
  });
}

async function install() {
  const began = Date.now();
  const seconds = () => `${Math.round((Date.now() - began) / 1000)} s`;
  process.stderr.write("installing what package-lock.json lists; this takes a minute or two, once\n");
  const ticking = setInterval(() => process.stderr.write(`  still installing (${seconds()})\n`), 15_000);
  const npm = (...args) => run("npm", [...args, "--loglevel=error", "--no-audit", "--no-fund"], { shell: windows });
  let code = await npm("ci");
  // A machine that runs no install scripts has fetched neither Node 24 nor the links between PostgreSQL's libraries.
  if (code === 0 && !existsSync(node)) code = await npm("rebuild", "--ignore-scripts=false");
  clearInterval(ticking);
  if (code === 0 && !existsSync(node)) {
    process.stderr.write(
      "npm did not install Node 24 (package `node`): are install scripts forbidden on this machine?\n",
    );
    code = 1;
  }
  if (code !== 0) process.exit(code);
  // npx looks here first: `npx postern` then works without asking any registry.
  const command = join(modules, ".bin/postern");
  if (!windows && !existsSync(command)) symlinkSync("../../cli/postern.mjs", command);
  writeFileSync(stamp, wanted());
  process.stderr.write(`installed in ${seconds()}\n`);
}

if (!installed()) await install();
const [program, ...args] = process.argv.slice(2);
if (program !== undefined) {
  const quiet = "--disable-warning=ExperimentalWarning";
  process.exit(await run(node, [quiet, resolve(root, program), ...args], { cwd: process.cwd() }));
}

// Set-up for every npm script: runs on Node 20 with nothing installed. Installs what package-lock.json says if that has not been done,
// then runs a program of the project with the project's own Node 24:   node infra/local/setup.mjs [program [arguments]]
import { spawn } from "node:child_process";
import { existsSync, lstatSync, readFileSync, symlinkSync } from "node:fs";
import { constants } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const modules = join(root, "node_modules");
const windows = process.platform === "win32";
const node = join(modules, "node/bin", windows ? "node.exe" : "node");

const read = (path) => JSON.parse(readFileSync(path, "utf8")).packages;

/** Whether a package must be there on this machine. Which C library it has is npm's to find out. */
function isNeeded({ os, cpu, libc, optional }) {
  if (!optional) return true;
  return os?.includes(process.platform) && cpu?.includes(process.arch) && libc === undefined;
}

/** npm's own note of what it installed, the last thing it writes; nothing when it is missing or damaged. */
function whatIsThere() {
  try {
    return read(join(modules, ".package-lock.json"));
  } catch {
    return {};
  }
}

/** Is it what package-lock.json asks for? */
function installed() {
  if (!existsSync(node)) return false;
  const present = whatIsThere();
  const right = (path, wanted) =>
    present[path] === undefined ? !isNeeded(wanted) : present[path].version === wanted.version;
  return Object.entries(read(join(root, "package-lock.json"))).every(
    ([path, wanted]) => path === "" || right(path, wanted),
  );
}

/** What npm does not do for the project's own command: `npx postern` then works without asking any registry. */
function linkCommand() {
  const command = join(modules, ".bin/postern");
  if (!windows && lstatSync(command, { throwIfNoEntry: false }) === undefined)
    symlinkSync("../../cli/postern.mjs", command);
}

/** @returns {Promise<number>} the exit code */
function run(command, args, options = {}) {
  return new Promise((done) => {
    const child = spawn(command, args, { cwd: root, stdio: "inherit", ...options });
    // Ctrl-C reaches the child by itself; it decides what that means.
    process.on("SIGINT", () => {});
    for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
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
  process.stderr.write(`installed in ${seconds()}\n`);
}

if (!installed()) await install();
linkCommand();
const [program, ...args] = process.argv.slice(2);
if (program !== undefined) {
  const quiet = "--disable-warning=ExperimentalWarning";
  process.exit(await run(node, [quiet, resolve(root, program), ...args], { cwd: process.cwd() }));
}

// Set-up on a project of its own, with an npm that only notes how it was called.
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ROOT } from "#test/support/project.ts";

let root: string;
const at = (path: string) => join(root, path);

function write(path: string, text: string): void {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), text);
}

const lock = (version: string) => ({
  "": { name: "project" },
  "node_modules/thing": { version },
  "node_modules/for-another": { version: "1.0.0", optional: true, os: ["plan9"], cpu: ["z80"] },
  "node_modules/for-this": { version: "1.0.0", optional: true, os: [process.platform], cpu: [process.arch] },
});
const writeLock = (version: string) => write("package-lock.json", JSON.stringify({ packages: lock(version) }));

/** An npm that puts in place what the lock file says; `rebuild` is what makes Node appear when `ci` does not. */
function writeNpm(script: string): void {
  write("bin/npm", `#!/bin/sh\necho "$1" >> "${at("calls")}"\n${script}\n`);
  chmodSync(at("bin/npm"), 0o755);
}

const NODE = () => `mkdir -p node_modules/node/bin && ln -sf "${process.execPath}" node_modules/node/bin/node`;
const NOTE = "mkdir -p node_modules/.bin && cp package-lock.json node_modules/.package-lock.json";

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "postern-setup-"));
  mkdirSync(at("infra/local"), { recursive: true });
  copyFileSync(join(ROOT, "infra/local/setup.mjs"), at("infra/local/setup.mjs"));
  write("program.mjs", "console.log(process.argv.slice(2).join(' ')); process.exit(7);\n");
  writeLock("1.0.0");
  writeNpm(`${NODE()} && ${NOTE}`);
});
afterEach(() => rmSync(root, { recursive: true }));

const setUp = (...args: string[]) =>
  spawnSync(process.execPath, [at("infra/local/setup.mjs"), ...args], {
    encoding: "utf8",
    env: { PATH: `${at("bin")}:/usr/bin:/bin` },
  });
const calls = () => (existsSync(at("calls")) ? readFileSync(at("calls"), "utf8").trim().split("\n") : []);

describe("setup.mjs", () => {
  it("installs once, and passes on arguments and exit code", () => {
    const first = setUp("program.mjs", "--a", "b c");
    expect(first).toMatchObject({ status: 7, stdout: "--a b c\n" });
    expect(first.stderr).toContain("installed in");
    expect(setUp("program.mjs")).toMatchObject({ status: 7, stderr: "" });
    expect(calls()).toEqual(["ci"]);
  });

  it("installs again when the lock file asks for something else", () => {
    setUp();
    writeLock("1.0.1");
    expect(setUp().status).toBe(0);
    expect(calls()).toEqual(["ci", "ci"]);
  });

  it("installs again when a package for this machine is missing, or npm was cut short", () => {
    setUp();
    const { "node_modules/for-this": _, ...rest } = lock("1.0.0");
    write("node_modules/.package-lock.json", JSON.stringify({ packages: rest }));
    setUp();
    write("node_modules/.package-lock.json", "{");
    setUp();
    expect(calls()).toEqual(["ci", "ci", "ci"]);
  });

  it("has install scripts run when npm did not", () => {
    writeNpm(`if [ "$1" = rebuild ]; then ${NODE()}; else ${NOTE}; fi`);
    expect(setUp("program.mjs").status).toBe(7);
    expect(calls()).toEqual(["ci", "rebuild"]);
  });

  it("runs nothing when the installation fails", () => {
    writeNpm("exit 3");
    expect(setUp("program.mjs")).toMatchObject({ status: 3, stdout: "" });
    writeNpm(NOTE);
    const without = setUp("program.mjs");
    expect(without).toMatchObject({ status: 1, stdout: "" });
    expect(without.stderr).toContain("Node 24");
  });

  it("makes the command that npx looks for", () => {
    write("cli/postern.mjs", "found");
    setUp();
    expect(readFileSync(at("node_modules/.bin/postern"), "utf8")).toBe("found");
  });
});

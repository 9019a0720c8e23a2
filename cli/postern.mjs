#!/usr/bin/env node
// The `postern` command. Runs on whatever Node there is, and hands over to the project's own Node 24.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const node = at(process.platform === "win32" ? "../node_modules/node/bin/node.exe" : "../node_modules/node/bin/node");

if (!existsSync(node)) {
  process.stderr.write("postern: not installed yet: run `npm start` in the project first\n");
  process.exit(1);
}
const child = spawn(node, ["--disable-warning=ExperimentalWarning", at("src/main.ts"), ...process.argv.slice(2)], {
  stdio: "inherit",
});
// Ctrl-C reaches the child by itself: it decides what that means.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => child.kill("SIGTERM"));
child.on("exit", (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));

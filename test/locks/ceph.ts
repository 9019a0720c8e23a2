// Ceph's object gateway as a process of its own on loopback: the strictest judge of Object Lock at hand. Its script installs it, as root.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "#test/support/net.ts";

export interface Ceph {
  readonly endpoint: string;
  stop(): Promise<void>;
}

/** @throws when it cannot be had or does not start, with what it said */
export async function startCeph(): Promise<Ceph> {
  const folder = mkdtempSync(join(tmpdir(), "postern-ceph-"));
  const [monitor, gateway] = [await freePort(), await freePort()];
  const ceph = spawn(join(import.meta.dirname, "ceph.sh"), [folder, String(monitor), String(gateway)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const said = await Promise.race([once(ceph.stdout, "data"), once(ceph, "exit")]);
  if (String(said[0]).trim() !== "ready") throw new Error(readFileSync(join(folder, "out.log"), "utf8").slice(-4000));
  return {
    endpoint: `http://127.0.0.1:${gateway}`,
    async stop() {
      ceph.stdin.end();
      if (ceph.exitCode === null) await once(ceph, "exit");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

// litewitness (filippo.io/torchwood): a witness that nobody here wrote. It keeps its key in an ssh-agent, and what it saw in SQLite.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { nodeSha256 } from "#proxy/adapters/node-crypto.ts";
import { COSIGNATURE_ED25519, type VerifierKey, verifierKey } from "#shared/evidence/checkpoint.ts";
import { freePort } from "./net.ts";
import { environment } from "./settings.ts";

export interface Litewitness {
  readonly name: string;
  readonly key: VerifierKey;
  readonly url: string;
  /** Tells it of a ledger, as `witnessctl add-log` and `add-key` do. */
  know(origin: string, key: VerifierKey): void;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Ends what it needs besides. */
  close(): Promise<void>;
}

const STARTING_MS = 20_000;

async function end(child: ChildProcess | null): Promise<void> {
  if (child === null || child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (const late = Date.now() + STARTING_MS; !(await holds()); await sleep(20))
    if (Date.now() > late) throw new Error(`${what} did not start`);
}

/** @param program litewitness, built. @param folder where it keeps everything: short, since there is a socket in it */
export async function openLitewitness(program: string, folder: string, name: string): Promise<Litewitness> {
  mkdirSync(folder, { recursive: true });
  const [agentSocket, keyFile, database] = ["agent", "key", "witness.db"].map((file) => join(folder, file)) as [
    string,
    string,
    string,
  ];
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", keyFile]);
  const agent = spawn("ssh-agent", ["-D", "-a", agentSocket], { stdio: "ignore" });
  const env = { ...environment(), SSH_AUTH_SOCK: agentSocket };
  const isUp = () => {
    try {
      execFileSync("ssh-add", ["-q", keyFile], { env, stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  };
  await until(isUp, "ssh-agent");
  const [, blob = ""] = readFileSync(`${keyFile}.pub`, "utf8").split(" ");
  const fingerprint = `SHA256:${nodeSha256.text(Buffer.from(blob, "base64"), "base64url").replaceAll("-", "+").replaceAll("_", "/")}`;
  const port = await freePort();
  const args = ["-ssh-agent", agentSocket, "-key", fingerprint, "-name", name, "-db", database];
  let child: ChildProcess | null = null;
  const url = `http://127.0.0.1:${port}`;
  const start = async () => {
    child = spawn(program, [...args, "-listen", `127.0.0.1:${port}`], { stdio: "ignore" });
    await until(
      () =>
        fetch(url).then(
          ({ ok }) => ok,
          () => false,
        ),
      "litewitness",
    );
  };
  await start();
  return {
    name,
    // An SSH key ends with the 32 bytes.
    key: verifierKey(name, Buffer.from(blob, "base64").subarray(-32), nodeSha256, COSIGNATURE_ED25519),
    url,
    know(origin, key) {
      const db = new DatabaseSync(database);
      db.exec("PRAGMA busy_timeout = 5000");
      const none = Buffer.from(nodeSha256.digest(Buffer.alloc(0))).toString("base64");
      db.prepare("INSERT OR IGNORE INTO log (origin, tree_size, tree_hash) VALUES (?, 0, ?)").run(origin, none);
      db.prepare("INSERT INTO key (origin, key) VALUES (?, ?)").run(origin, key);
      db.close();
    },
    start,
    stop: () => end(child),
    async close() {
      await end(child);
      await end(agent);
    },
  };
}

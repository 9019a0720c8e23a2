// MiniStack, the stand-in for AWS, as a process of its own on loopback.
import { execFileSync, spawn } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CreateTableCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { build } from "esbuild";
import { freePort, listening } from "#test/support/net.ts";
import { ROOT } from "#test/support/project.ts";
import { environment } from "#test/support/settings.ts";
import { CEDAR } from "../../infra/constructs/function.ts";

/** Kept between runs, and gone with node_modules. */
const CACHE = join(ROOT, "node_modules/.cache/aws");
export const ACCOUNT = "000000000000";
export const REGION = "us-east-1";

export interface MiniStack {
  readonly port: number;
  readonly endpoint: string;
  /** Of the python that it runs in. */
  readonly python: string;
  stop(): void;
}

/** Installs it when it is missing. @param more variables of it and of the functions that it runs. @throws when it cannot be had or does not start */
export async function startMiniStack(more: Readonly<Record<string, string>> = {}): Promise<MiniStack> {
  execFileSync(join(ROOT, "test/aws/setup.sh"), [CACHE], { stdio: "inherit" });
  const port = await freePort();
  const python = join(CACHE, "python/bin/python");
  const own = { BIND_HOST: "127.0.0.1", GATEWAY_PORT: String(port), LAMBDA_EXECUTOR: "local" };
  const env = { ...environment(), ...more, ...own };
  const child = spawn(python, ["-m", "ministack"], { env, stdio: "ignore" });
  // What starts may fail half way: the process ends with this one all the same.
  process.once("exit", () => child.kill("SIGKILL"));
  await listening(port, child, 60_000);
  return { port, endpoint: `http://127.0.0.1:${port}`, python, stop: () => void child.kill("SIGTERM") };
}

/** What the SDK's clients are made with, to speak to a stand-in. */
export function clientOf(endpoint: string) {
  return { endpoint, region: REGION, credentials: { accessKeyId: "test", secretAccessKey: "test" } };
}

/** @param keys name and type of the partition key, and of the sort key where there is one */
export async function createTable(
  client: DynamoDBClient,
  name: string,
  keys: Record<string, "S" | "N">,
): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: Object.entries(keys).map(([AttributeName, AttributeType]) => ({
        AttributeName,
        AttributeType,
      })),
      KeySchema: Object.keys(keys).map((AttributeName, i) => ({ AttributeName, KeyType: i === 0 ? "HASH" : "RANGE" })),
    }),
  );
}

/** As the stack bundles it: one file, nothing outside. */
export async function bundle(name: string, scratch: string, python: string): Promise<Uint8Array> {
  const folder = join(scratch, name);
  mkdirSync(folder);
  await build({
    entryPoints: [join(ROOT, "functions/src", name, "handler.ts")],
    outfile: join(folder, "index.js"),
    bundle: true,
    platform: "node",
    target: "node24",
    logLevel: "error",
  });
  writeFileSync(join(folder, "package.json"), "{}");
  copyFileSync(join(ROOT, CEDAR), join(folder, "cedar_wasm_bg.wasm"));
  execFileSync(python, ["-m", "zipfile", "-c", "../code.zip", "index.js", "package.json", "cedar_wasm_bg.wasm"], {
    cwd: folder,
  });
  return readFileSync(join(scratch, "code.zip"));
}

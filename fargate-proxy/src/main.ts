// The gateway as a process. `node fargate-proxy/src/main.ts`, with POSTERN_CONFIG naming its configuration.
import { setFlagsFromString } from "node:v8";
import { StartRefused } from "./adapters/home.ts";
import { jsonLog } from "./adapters/log.ts";
import { ConfigRefused, readConfig } from "./config.ts";
import { type Gateway, startGateway } from "./gateway.ts";

// What a large result passes through is buffers outside of V8's heap, and V8 collects all of the heap for every few megabytes of them as long as
// that is small: a third of the CPU of a masked result. Twice what lives may be used before it looks again.
setFlagsFromString("--heap-growing-percent=100");

const log = jsonLog((line) => process.stdout.write(line), Date.now);

/** Beyond the grace of sessions: for evidence to reach the store. What is not stored then is in the journal. */
const FLUSH_MS = 15_000;

// What nobody foresaw leaves a state that nobody can vouch for: everything ends, and the journal has what was announced.
process.on("uncaughtException", (error) => {
  // The message may quote what a client or a target sent; where it happened does not.
  const where = (error instanceof Error ? (error.stack ?? "") : "").split("\n").filter((line) => /^ {4}at /.test(line));
  log.error("the gateway failed", { error: error instanceof Error ? error.name : "unknown", at: where.join("") });
  process.exit(70);
});

async function run(): Promise<void> {
  const config = readConfig();
  const gateway = await startGateway(config, log);
  log.info("listening", { host: config.listen.host, port: gateway.port, admin: gateway.adminPort });
  const stop = (signal: NodeJS.Signals) => void shutDown(gateway, signal, config.limits.graceSeconds * 1000);
  process.once("SIGTERM", stop).once("SIGINT", stop);
}

async function shutDown(gateway: Gateway, signal: string, graceMs: number): Promise<void> {
  log.info("shutting down", { signal });
  setTimeout(() => {
    log.error("shutting down took too long");
    process.exit(1);
  }, graceMs + FLUSH_MS).unref();
  await gateway.stop(graceMs);
  log.info("stopped");
  process.exit(0);
}

run().catch((error: unknown) => {
  const known = error instanceof ConfigRefused || error instanceof StartRefused;
  const problems = known ? error.problems : [error instanceof Error ? error.message : "unknown"];
  for (const problem of problems) process.stderr.write(`postern: ${problem}\n`);
  process.exit(1);
});

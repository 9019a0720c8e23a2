// `npm run bench [-- --quick] [-- --json]`: PostgreSQL direct, through pgbouncer, and through Postern with policy, recording and journal on.
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { prepareGround } from "./ground.ts";
import { measure } from "./measure.ts";
import { versions } from "./needs.ts";
import { FULL, type Plan, QUICK } from "./plan.ts";
import { startPostern } from "./postern.ts";
import { markdown, ratios } from "./report.ts";

function machine(programs: Record<string, string>): Record<string, string | number> {
  const memoryGb = Math.round(totalmem() / 2 ** 30);
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cpus: availableParallelism(),
    memoryGb,
    node: process.version,
    ...programs,
  };
}

async function bench(plan: Plan, json: boolean): Promise<void> {
  const started = performance.now();
  const about = machine(versions());
  // Progress goes to standard error: standard output is the result.
  const say = (line: string) =>
    console.error(`${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${line}`);
  const folder = mkdtempSync(join(tmpdir(), "postern-bench-"));
  chmodSync(folder, 0o755);
  say(`PostgreSQL, pgbouncer, ${plan.rows} rows, scale ${plan.scale}`);
  const ground = await prepareGround(folder, plan);
  try {
    say("Postern");
    const postern = await startPostern(ground);
    try {
      const results = await measure(plan, [ground.direct, ground.pgbouncer, postern.route], say);
      const seconds = Math.round((performance.now() - started) / 1000);
      if (json)
        console.log(JSON.stringify({ mode: plan.name, seconds, machine: about, ...results, ratios: ratios(results) }));
      else console.log(`${JSON.stringify(about)}\n\n${markdown(results)}\n\n${seconds} s`);
    } finally {
      await postern.stop();
    }
  } finally {
    await ground.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

const { values } = parseArgs({ options: { quick: { type: "boolean" }, json: { type: "boolean" } } });
try {
  await bench(values.quick === true ? QUICK : FULL, values.json === true);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

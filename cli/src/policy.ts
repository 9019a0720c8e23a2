// postern policy check, postern policy test: is a bundle sound, and does it decide as its owners expect?
import type { Command } from "commander";
import { BundleRefused, problemLine } from "#shared/policy/problems.ts";
import type { Expectation } from "#shared/policy/tests-file.ts";
import { openBundle, policyFolder } from "./policy/bundle.ts";
import { tryAll } from "./policy/expectations.ts";
import { registerPush, registerShowPolicy } from "./policy-push.ts";
import { attempt, Problem } from "./problem.ts";

interface Options {
  readonly json?: true;
}

export function registerPolicy(program: Command): void {
  const policy = program.command("policy").description("check and try a policy bundle, and put it in force");
  policy
    .command("check")
    .argument("[folder]", "the bundle; `policy` when left out")
    .description("load a bundle as the gateway would; lists every problem by file and line")
    .option("--json", "as one JSON object")
    .action((folder: string | undefined, options: Options) => attempt(() => check(policyFolder(folder), options)));
  policy
    .command("test")
    .argument("[folder]", "the bundle; `policy` when left out")
    .description("try the statements of its tests.yaml")
    .option("--json", "one JSON object per expectation")
    .action((folder: string | undefined, options: Options) => attempt(() => test(policyFolder(folder), options)));
  registerPush(policy);
  registerShowPolicy(policy);
}

async function check(folder: string, options: Options): Promise<void> {
  const bundle = await openBundle(folder).catch((error: unknown) => {
    if (error instanceof BundleRefused) return error;
    throw error;
  });
  if (bundle instanceof BundleRefused) {
    const { problems } = bundle;
    process.exitCode = 1;
    if (options.json) return say(JSON.stringify({ ok: false, problems }));
    for (const problem of problems) say(problemLine(problem));
    return say(`refused: ${count(problems.length, "problem")}`);
  }
  if (options.json) return say(JSON.stringify({ ok: true, version: bundle.version }));
  const own = bundle.policies.filter((p) => p.line > 0).length;
  say(`ok  ${count(own, "policy", "policies")}, ${count(bundle.catalog.classes.size, "class", "classes")}`);
  say(`version  ${bundle.version}`);
}

async function test(folder: string, options: Options): Promise<void> {
  const bundle = await openBundle(folder).catch((error: unknown) => {
    if (!(error instanceof BundleRefused)) throw error;
    throw new Problem(`the bundle is refused:\n${error.message}`, 1);
  });
  let failed = 0;
  for (const { expectation, found } of await tryAll(bundle)) {
    if (found.length > 0) failed++;
    report(expectation, found, options);
  }
  if (failed > 0) process.exitCode = 1;
  if (!options.json) say(`${count(bundle.tests.expectations.length, "expectation")}, ${failed} not met`);
}

function report(expectation: Expectation, found: readonly string[], options: Options): void {
  const { line, as, target, sql } = expectation;
  if (options.json) say(JSON.stringify({ line, as, target, sql: sql ?? null, ok: found.length === 0, found }));
  if (options.json || found.length === 0) return;
  say(`tests.yaml:${line}: ${as} at ${target}: ${sql === undefined ? "connect" : sql.trim()}`);
  for (const difference of found) say(`    ${difference}`);
}

function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

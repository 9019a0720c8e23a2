// postern pseudonyms rotate: another key, so that pseudonyms shown before and after cannot be put together.
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { rotateLocalKey } from "#proxy/adapters/local-hmac-keys.ts";
import { attempt, Problem } from "./problem.ts";
import { stateDirectory } from "./settings.ts";

export function registerPseudonyms(program: Command): void {
  program
    .command("pseudonyms")
    .description("the key that pseudonyms are made with")
    .command("rotate")
    .description("make another key: from its next start on the gateway shows other pseudonyms for the same values")
    .option("--json", "as one JSON object")
    .action((options: { json?: true }) => attempt(async () => rotate(options.json === true)));
}

function rotate(json: boolean): void {
  const folder = join(stateDirectory(), "keys");
  if (!existsSync(join(folder, "pseudonym.key")))
    throw new Problem(
      `there is no key in ${folder}`,
      3,
      "The gateway makes the first one: run `npm start`, or set POSTERN_STATE.",
    );
  const version = rotateLocalKey(folder, "pseudonym");
  const words = `key ${version} is made; the gateway uses it from its next start on. Keep the older ones: they tell whom older pseudonyms stand for.`;
  process.stdout.write(`${json ? JSON.stringify({ version }) : words}\n`);
}

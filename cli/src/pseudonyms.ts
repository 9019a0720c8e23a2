// postern pseudonyms rotate: another key, so that pseudonyms shown before and after cannot be put together.
import type { Command } from "commander";
import { rotate } from "./keys.ts";
import { attempt } from "./problem.ts";

const KEEP = "they tell whom older pseudonyms stand for";

export function registerPseudonyms(program: Command): void {
  program
    .command("pseudonyms")
    .description("the key that pseudonyms are made with")
    .command("rotate")
    .description("make another key: from its next start on the gateway shows other pseudonyms for the same values")
    .option("--json", "as one JSON object")
    .action((options: { json?: true }) => attempt(async () => rotate("pseudonym", KEEP, options.json === true)));
}

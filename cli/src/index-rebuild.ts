// postern index rebuild: makes the index of sessions again from the evidence. Nothing is in it that the evidence does not have.
import type { Command } from "commander";
import { print, withEvidence } from "./evidence/home.ts";

export function registerIndex(program: Command): void {
  const index = program.command("index").description("the index of sessions, which is derived from the evidence");
  index
    .command("rebuild")
    .description("throw the index away and read it again from the evidence")
    .action(() =>
      withEvidence(async (evidence) => {
        const { objects, sessions } = await evidence.rebuildIndex();
        await print(`read ${objects} entries of the ledger: ${sessions} sessions`);
      }),
    );
}

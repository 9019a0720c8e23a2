// postern shred: destroys the key of what a session has sealed. The store keeps what it has, and nobody can read it any more.
import { join } from "node:path";
import type { Command } from "commander";
import { localWrappedKeys } from "#proxy/adapters/local-data-keys.ts";
import { print, withEvidence } from "./evidence/home.ts";
import { agreedOn, type OfficerOptions } from "./officers.ts";
import { stateDirectory } from "./settings.ts";

export function registerShred(program: Command): void {
  program
    .command("shred")
    .argument("<session>", "a session's id, the start of it, or `last`")
    .description("destroy the key of what a session has sealed; takes two officers")
    .option("--as <identity>", "who; the one who is signed in when left out")
    .option("--reason <text>", "why; it goes into the evidence")
    .action((name: string, options: OfficerOptions) =>
      withEvidence(async (evidence) => {
        const { session, target } = await evidence.find(name);
        await agreedOn(evidence, { what: "shred", session, target }, options);
        await localWrappedKeys(join(stateDirectory(), "keys/sealed")).destroy(session);
        await print(`the key of session ${session} is destroyed: what it has sealed cannot be read any more`);
      }),
    );
}

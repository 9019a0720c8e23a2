// postern shred: destroys the key of what a session has sealed. The store keeps what it has, and nobody can read it any more.
import type { Command } from "commander";
import { print, withEvidence } from "./evidence/home.ts";
import { agreedOn, type OfficerOptions } from "./officers.ts";

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
        await agreedOn({ what: "shred", session, target }, options, (door, request) => door.shred(request));
        await print(`the key of session ${session} is destroyed: what it has sealed cannot be read any more`);
      }),
    );
}

// postern revoke: offboards an identity. New logins are refused and live sessions end within seconds.
import { userInfo } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { openDynamoRevocations } from "#proxy/adapters/aws-revocations.ts";
import { RevocationTable } from "#proxy/adapters/local-revocations.ts";
import { attempt, Problem } from "./problem.ts";
import { stateDirectory } from "./settings.ts";

interface Options {
  readonly reason?: string;
  readonly undo?: true;
  readonly list?: true;
  readonly json?: true;
  readonly table?: string;
}

export function registerRevoke(program: Command): void {
  program
    .command("revoke")
    .argument("[name]", "a person, workload or agent; whoever acts for it goes with it")
    .description("offboard an identity: its sessions end, and it gets no new ones")
    .option("--reason <text>", "why; it goes into the evidence")
    .option("--undo", "let the identity in again")
    .option("--list", "who is revoked")
    .option("--table <name>", "of the AWS home: its DynamoDB table of revocations")
    .option("--json", "as JSON")
    .action((name: string | undefined, options: Options) => attempt(() => run(name, options)));
}

async function run(name: string | undefined, options: Options): Promise<void> {
  const table =
    options.table === undefined
      ? new RevocationTable(join(stateDirectory(), "index.db"))
      : openDynamoRevocations(options.table);
  const say = (words: string, data: object) =>
    void process.stdout.write(`${options.json ? JSON.stringify(data) : words}\n`);
  try {
    if (options.list) {
      for (const entry of await table.all())
        say(`${new Date(entry.at).toISOString()}  ${entry.name}  by ${entry.by}: ${entry.reason}`, entry);
      return;
    }
    if (name === undefined) throw new Problem("whom?", 2, "Give a name, or --list.");
    if (options.undo) {
      if (!(await table.lift(name))) throw new Problem(`${name} is not revoked`, 1);
      say(`${name} may come in again`, { name, revoked: false });
      return;
    }
    if (options.reason === undefined) throw new Problem("a revocation needs a --reason", 2);
    const entry = { name, by: userInfo().username, reason: options.reason, at: Date.now() };
    await table.enter(entry);
    say(`${name} is revoked: sessions end within seconds`, { ...entry, revoked: true });
  } finally {
    table.close();
  }
}

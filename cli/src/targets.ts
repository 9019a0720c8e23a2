// postern targets, postern status: what there is, and whether it runs.
import type { Command } from "commander";
import { columns } from "./evidence/table.ts";
import { type Home, openHome } from "./home.ts";
import { attempt, Problem } from "./problem.ts";

export function registerTargets(program: Command): void {
  program
    .command("targets")
    .description("list what the gateway protects, and who can ask here")
    .option("--json", "as one JSON object")
    .action((options: { json?: true }) =>
      attempt(async () => {
        const home = openHome();
        const { targets, identities } = home;
        if (options.json) return void process.stdout.write(`${JSON.stringify({ targets, identities })}\n`);
        const who = identities.map((one) => [one.name, one.kind, one.description]);
        const lines = [`targets: ${targets.join(", ")}`, "", ...columns(["IDENTITY", "KIND", "WHO"], who, [])];
        process.stdout.write(`${lines.join("\n")}\n`);
      }),
    );
}

export function registerStatus(program: Command): void {
  program
    .command("status")
    .description("say whether the gateway is ready; exits with 3 when it is not")
    .option("--json", "as one JSON object")
    .action((options: { json?: true }) =>
      attempt(async () => {
        const home = openHome();
        const ready = await isReady(home);
        const { gateway, issuer, started, state } = home;
        const address = `${gateway.host}:${gateway.port}`;
        if (options.json)
          process.stdout.write(`${JSON.stringify({ ready, gateway: address, issuer, started, state })}\n`);
        else
          process.stdout.write(
            `gateway  ${address}, ${ready ? "ready" : "not ready"}\nissuer   ${issuer}\nstate    ${state}\nsince    ${started}\n`,
          );
        if (!ready) throw new Problem("the gateway is not ready", 3, "See log/proxy.log in the state directory.");
      }),
    );
}

async function isReady({ admin }: Home): Promise<boolean> {
  try {
    return (await fetch(`http://${admin.host}:${admin.port}/readyz`)).ok;
  } catch {
    return false;
  }
}

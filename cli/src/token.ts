// postern token: the password for a client that connects to the gateway.
import type { Command } from "commander";
import { openHome } from "./home.ts";
import { attempt } from "./problem.ts";
import { claimsIn, tokenFor, whoAsks } from "./tokens.ts";

export function registerToken(program: Command): void {
  program
    .command("token")
    .description("print a token: PGPASSWORD=$(postern token --as engineer) psql ...")
    .option("--as <identity>", "whose; the one who is signed in when left out")
    .option("--json", "the token and what it says, as one JSON object")
    .action((options: { as?: string; json?: true }) =>
      attempt(async () => {
        const home = openHome();
        const token = await tokenFor(home, whoAsks(home, options.as));
        process.stdout.write(`${options.json ? JSON.stringify({ token, claims: claimsIn(token) }) : token}\n`);
      }),
    );
}

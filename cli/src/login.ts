// postern login: a person signs in with a browser; later commands then ask as that person.
import type { Command } from "commander";
import { openHome } from "./home.ts";
import { signInWithBrowser } from "./oauth/code-flow.ts";
import { signInWithCode } from "./oauth/device-flow.ts";
import { attempt, Problem } from "./problem.ts";
import { claimsIn, keepToken, rememberWho } from "./tokens.ts";

export function registerLogin(program: Command): void {
  program
    .command("login")
    .description("sign in with a browser")
    .option("--code", "show a code to type into a browser on any machine, instead of waiting for one on this")
    .option("--json", "who is signed in, as one JSON object")
    .action((options: { code?: true; json?: true }) =>
      attempt(async () => {
        const home = openHome();
        const say = (text: string) => process.stderr.write(`${text}\n`);
        const granted = await (options.code
          ? signInWithCode(home, (uri, code) => say(`Open ${uri}\nand check that it shows the code ${code}`))
          : signInWithBrowser(home, (url) => say(`Open ${url}`)));
        const claims = claimsIn(granted.token);
        const name = claims.preferred_username;
        if (typeof name !== "string") throw new Problem("the token names nobody", 1);
        keepToken(home, name, granted);
        rememberWho(home, name);
        const { groups, kind } = claims;
        process.stdout.write(options.json ? `${JSON.stringify({ name, kind, groups })}\n` : `signed in as ${name}\n`);
      }),
    );
}

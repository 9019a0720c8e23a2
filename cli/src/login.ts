// postern login: a person signs in with a browser. At home later commands then ask as that person; with an issuer of one's own the token is printed, for
// POSTERN_TOKEN or a client's password.
import type { Command } from "commander";
import { openHome } from "./home.ts";
import { REGISTERED, signInWithBrowser } from "./oauth/code-flow.ts";
import { signInWithCode } from "./oauth/device-flow.ts";
import { attempt, Problem } from "./problem.ts";
import { claimsIn, keepToken, rememberWho } from "./tokens.ts";

export function registerLogin(program: Command): void {
  program
    .command("login")
    .description("sign in with a browser")
    .option("--code", "show a code to type into a browser on any machine, instead of waiting for one on this")
    .option(
      "--issuer <address>",
      "in place of the local home's: an issuer, such as https://cognito-idp.REGION.amazonaws.com/POOL",
    )
    .option("--client <id>", "with --issuer: the client's id there")
    .option("--json", "who is signed in, as one JSON object")
    .action((options: { code?: true; issuer?: string; client?: string; json?: true }) =>
      attempt(async () => {
        if (options.issuer !== undefined) return elsewhere(options.issuer, options.client);
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

async function elsewhere(address: string, clientId: string | undefined): Promise<void> {
  if (clientId === undefined) throw new Problem("--issuer needs the --client that is registered there", 2);
  const signIn = { issuer: address.replace(/\/$/, ""), clientId, scope: "email" };
  const { token } = await signInWithBrowser(signIn, (url) => process.stderr.write(`Open ${url}\n`), REGISTERED);
  process.stdout.write(`${token}\n`);
}

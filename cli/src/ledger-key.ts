// postern ledger-key: what POSTERN_VERIFIER_KEY wants to be told, of a deployment on AWS.
import type { Command } from "commander";
import { kmsVerifierKey } from "#proxy/adapters/kms-verifier-key.ts";
import { print } from "./evidence/home.ts";
import { attempt, Problem } from "./problem.ts";

export function registerLedgerKey(program: Command): void {
  program
    .command("ledger-key")
    .argument("<key>", "the KMS key that signs the ledger: the output LedgerKey of the stack of keys")
    .description("the public key of a ledger on AWS, to verify it by: keep it outside of the account")
    .requiredOption("--name <name>", "name of the ledger, as in the settings of the deployment")
    .option("--json", "as one JSON object")
    .action((key: string, { name, json }: { readonly name: string; readonly json?: true }) =>
      attempt(async () => {
        const verifierKey = await kmsVerifierKey(key, name).catch((error: unknown) => {
          throw new Problem(`the public key of ${key} cannot be had (${(error as Error).name})`, 3);
        });
        await print(json ? JSON.stringify({ verifierKey }) : verifierKey);
      }),
    );
}

// The one credential of each target, from where targets.yaml says that it is.
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { awsTimes } from "#functions/adapters/clients.ts";
import type { Target } from "#shared/target.ts";
import type { CredentialPort } from "../ports/credentials.ts";
import { rdsToken, SecretCredentials } from "./aws-credentials.ts";
import { fileCredential } from "./local-credentials.ts";

const TIMES = { attemptMs: 3000, attempts: 3 };

/** @param pathOf makes the path of a credential file absolute. @param now milliseconds since the epoch */
export function openCredentials(
  targets: ReadonlyMap<string, Target>,
  pathOf: (path: string) => string,
  now: () => number,
): CredentialPort {
  let secrets: SecretCredentials | null = null;
  return {
    async fetch(name, refused) {
      const target = targets.get(name);
      if (target === undefined) throw new Error(`no target ${name}`);
      const { credential } = target;
      switch (credential.type) {
        case "file":
          return fileCredential(name, pathOf(credential.path));
        case "secret":
          secrets ??= new SecretCredentials(new SecretsManagerClient(awsTimes(TIMES)), now);
          return secrets.fetch(credential, refused);
        case "rds-iam":
          return rdsToken(target, now());
      }
    },
  };
}

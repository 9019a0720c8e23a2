// Credentials of targets from AWS: secrets of Secrets Manager, and tokens that RDS takes in the place of a password.
import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { Signer } from "@aws-sdk/rds-signer";
import type { Target, TargetCredential } from "#shared/target.ts";
import type { Credential } from "../ports/credentials.ts";

type SecretPlace = Extract<TargetCredential, { type: "secret" }>;

/** A secret is asked for again after this time, and at once when a target has refused what is remembered. */
const KEPT_MS = 5 * 60_000;

export class SecretCredentials {
  readonly #client: SecretsManagerClient;
  readonly #now: () => number;
  readonly #kept = new Map<string, { readonly credential: Credential; readonly at: number }>();
  readonly #asked = new Map<string, Promise<Credential>>();

  constructor(client: SecretsManagerClient, now: () => number) {
    this.#client = client;
    this.#now = now;
  }

  /** @param refused version that the target does not take (any more) */
  async fetch(place: SecretPlace, refused?: string): Promise<Credential> {
    const known = this.#kept.get(place.id);
    if (known !== undefined && known.credential.version !== refused && this.#now() - known.at < KEPT_MS)
      return known.credential;
    const current = await this.#current(place);
    // While a secret is being rotated, the target may have the new one before it is called the current.
    return current.version === refused ? this.#get(place, "AWSPENDING") : current;
  }

  /** Many sessions that ask at once ask together. */
  #current(place: SecretPlace): Promise<Credential> {
    const asked = this.#asked.get(place.id);
    if (asked !== undefined) return asked;
    const asking = this.#get(place, "AWSCURRENT")
      .then((credential) => {
        this.#kept.set(place.id, { credential, at: this.#now() });
        return credential;
      })
      .finally(() => this.#asked.delete(place.id));
    this.#asked.set(place.id, asking);
    return asking;
  }

  async #get({ id, field }: SecretPlace, stage: string): Promise<Credential> {
    const found = await this.#client
      .send(new GetSecretValueCommand({ SecretId: id, VersionStage: stage }))
      .catch((error: unknown) => {
        if (error instanceof ResourceNotFoundException) throw new Error(`the secret ${id} has no version ${stage}`);
        throw error;
      });
    const password = passwordIn(found.SecretString ?? "", field);
    if (password === null || found.VersionId === undefined) throw new Error(`the secret ${id} has no ${field}`);
    return { password, version: found.VersionId };
  }
}

/** A secret is a JSON object with a field, as RDS and its rotation write it, or the password itself. */
function passwordIn(secret: string, field: string): string | null {
  if (!secret.startsWith("{")) return secret === "" ? null : secret;
  try {
    const value = (JSON.parse(secret) as Record<string, unknown>)[field];
    return typeof value === "string" && value !== "" ? value : null;
  } catch {
    return null;
  }
}

/** A token for one login, signed here with the credentials of the process: RDS takes it for 15 minutes, over TLS alone. */
export async function rdsToken({ host, port, user, credential }: Target, now: number): Promise<Credential> {
  const region = credential.type === "rds-iam" ? credential.region : undefined;
  const signer = new Signer({ hostname: host, port, username: user, ...(region === undefined ? {} : { region }) });
  return { password: await signer.getAuthToken(), version: `RDS IAM token of ${new Date(now).toISOString()}` };
}

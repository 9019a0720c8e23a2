// What the gateway itself keeps in Secrets Manager: keys that never leave it, and its certificate. Errors hold nothing of a secret.
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { z } from "zod";
import { awsTimes } from "#functions/adapters/clients.ts";
import { hmacSha256 } from "../hmac.ts";
import type { HmacKey } from "./local-hmac-keys.ts";

const TIMES = { attemptMs: 3000, attempts: 3 };
/** 256 bits and more, in the 62 characters that Secrets Manager makes up. */
const keySchema = z.object({ version: z.int().min(1), key: z.string().min(43) });

const tlsSchema = z.object({ cert: z.string().min(1), key: z.string().min(1) });

/** Its message is the name of the service's error, or what is wrong with the secret. */
export class SecretUnreadable extends Error {
  override readonly name = "SecretUnreadable";
}

/** @throws SecretUnreadable */
export async function readSecretKey(client: SecretsManagerClient, id: string, stage = "AWSCURRENT"): Promise<HmacKey> {
  const { data } = keySchema.safeParse(jsonOf(await read(client, id, stage)));
  if (data === undefined) throw new SecretUnreadable('not {"version": 1, "key": "at least 43 random characters"}');
  const { version, key } = data;
  return { version, hmac: hmacSha256(Buffer.from(key)) };
}

/**
 * The disclosure keys that these secrets hold, and the one before in each: for who may ask whom a subject stands for.
 * @throws SecretUnreadable
 */
export async function readSecretKeys(ids: readonly string[]): Promise<HmacKey[]> {
  const client = new SecretsManagerClient(awsTimes(TIMES));
  const keys = ids.map(async (id) => {
    const before = readSecretKey(client, id, "AWSPREVIOUS").catch((error: Error) => {
      if (error.message === "ResourceNotFoundException") return null;
      throw error;
    });
    return Promise.all([readSecretKey(client, id), before]);
  });
  return (await Promise.all(keys)).flat().filter((key) => key !== null);
}

/** @throws SecretUnreadable */
export async function readTlsSecret(id: string): Promise<{ readonly cert: string; readonly key: string }> {
  const { data } = tlsSchema.safeParse(jsonOf(await read(new SecretsManagerClient(awsTimes(TIMES)), id)));
  if (data === undefined) throw new SecretUnreadable('not {"cert": "PEM", "key": "PEM"}');
  return data;
}

async function read(client: SecretsManagerClient, id: string, stage = "AWSCURRENT"): Promise<string> {
  try {
    const command = new GetSecretValueCommand({ SecretId: id, VersionStage: stage });
    return (await client.send(command)).SecretString ?? "";
  } catch (error) {
    throw new SecretUnreadable(error instanceof Error ? error.name : "unknown");
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

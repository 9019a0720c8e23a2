// From a person's key to what stands for it in the evidence. It takes the gateway's disclosure keys: whoever may ask this may read them.
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { LocalEvidence } from "#proxy/adapters/local-evidence.ts";
import { allLocalKeys, type HmacKey } from "#proxy/adapters/local-hmac-keys.ts";
import { keysMeant, subjectHasher } from "#shared/disclosure/subject.ts";
import { Problem } from "../problem.ts";
import { disclosureSecrets, evidenceBucket, stateDirectory } from "../settings.ts";

/** Hex, with every key that there ever was, for all that somebody may mean who writes this. */
export async function subjectsMeant(target: string, domain: string, written: string): Promise<readonly string[]> {
  const keys = evidenceBucket() === null ? localKeys() : await secretKeys();
  return keys.flatMap(({ hmac }) => keysMeant(written).map((key) => subjectHasher(hmac, target)(domain, key)));
}

function localKeys(): readonly HmacKey[] {
  const folder = join(stateDirectory(), "keys");
  const keys = existsSync(folder) ? allLocalKeys(folder, "disclosure") : [];
  if (keys.length > 0) return keys;
  const hint = "Ask an officer who may read the gateway's keys, or set POSTERN_STATE.";
  throw new Problem(`there is no disclosure key in ${folder}`, 3, hint);
}

async function secretKeys(): Promise<readonly HmacKey[]> {
  const ids = disclosureSecrets();
  const hint = "Set POSTERN_DISCLOSURE_SECRET to the secrets that the gateway's `aws.secrets.subjects` has named.";
  if (ids.length === 0) throw new Problem("whom the evidence speaks of takes the gateway's disclosure keys", 3, hint);
  const { readSecretKeys, SecretUnreadable } = await import("#proxy/adapters/aws-secrets.ts");
  try {
    return await readSecretKeys(ids);
  } catch (error) {
    if (error instanceof SecretUnreadable)
      throw new Problem(`a disclosure key cannot be read: ${error.message}`, 3, hint);
    throw error;
  }
}

/** The target that is meant: the only one that there is evidence of, when none is named. */
export async function targetMeant(evidence: LocalEvidence, named: string | undefined): Promise<string> {
  if (named !== undefined) return named;
  const targets = new Set((await evidence.sessions({})).filter((so) => so.principal !== null).map((so) => so.target));
  const [only] = targets;
  if (only === undefined) throw new Problem("there are no sessions yet", 1);
  if (targets.size > 1) throw new Problem(`say --target: there are ${[...targets].sort().join(", ")}`, 2);
  return only;
}

// From a person's key to what stands for it in the evidence. It takes the gateway's disclosure keys: whoever may ask this may read them.
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { LocalEvidence } from "#proxy/adapters/local-evidence.ts";
import { allLocalKeys } from "#proxy/adapters/local-hmac-keys.ts";
import { keysMeant, subjectHasher } from "#shared/disclosure/subject.ts";
import { Problem } from "../problem.ts";
import { stateDirectory } from "../settings.ts";

/** Hex, with every key that there ever was, for all that somebody may mean who writes this. */
export function subjectsMeant(target: string, domain: string, written: string): readonly string[] {
  const folder = join(stateDirectory(), "keys");
  const missing = `there is no disclosure key in ${folder}`;
  const hint = "Ask an officer who may read the gateway's keys, or set POSTERN_STATE.";
  if (!existsSync(folder)) throw new Problem(missing, 3, hint);
  const keys = allLocalKeys(folder, "disclosure");
  if (keys.length === 0) throw new Problem(missing, 3, hint);
  return keys.flatMap(({ hmac }) => keysMeant(written).map((key) => subjectHasher(hmac, target)(domain, key)));
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

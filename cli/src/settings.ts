// The command line's only look at its environment.
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** Where the local home keeps everything: POSTERN_STATE, or `.postern` here, or the project's. */
export function stateDirectory(): string {
  const { POSTERN_STATE: named } = process.env;
  if (named !== undefined && named !== "") return resolve(named);
  const here = resolve(".postern");
  return existsSync(here) ? here : fileURLToPath(new URL("../../.postern", import.meta.url));
}

/**
 * A bucket whose evidence is read in place of that of this machine: POSTERN_STORE, `s3://` and its name, and POSTERN_VERIFIER_KEY, the public key of its
 * ledger, or a file with it. Sessions are found by the table POSTERN_INDEX (`dynamodb://` and its name) when there is one. Null without the first.
 */
export function evidenceBucket(): { readonly store: string; readonly key: string; readonly index: string } | null {
  const { POSTERN_STORE: store = "", POSTERN_VERIFIER_KEY: key = "", POSTERN_INDEX: index = "" } = process.env;
  return store === "" ? null : { store, key, index };
}

/** The secrets of Secrets Manager that hold disclosure keys: POSTERN_DISCLOSURE_SECRET, names or ARNs with commas between them. */
export function disclosureSecrets(): readonly string[] {
  const { POSTERN_DISCLOSURE_SECRET: named = "" } = process.env;
  return named.split(",").filter((name) => name !== "");
}

/** POSTERN_WITNESSES: a file with the witnesses that have to have cosigned a ledger. Null without it. */
export function witnessesFile(): string | null {
  const { POSTERN_WITNESSES: file = "" } = process.env;
  return file === "" ? null : file;
}

/**
 * Where answers are given when it is not the local home: POSTERN_ANSWERS, the address of the HTTP API, and POSTERN_TOKEN, a token of the identity
 * provider. Null without the first.
 */
export function answersDoor(): { readonly address: string; readonly token: string } | null {
  const { POSTERN_ANSWERS: address = "", POSTERN_TOKEN: token = "" } = process.env;
  return address === "" ? null : { address, token };
}

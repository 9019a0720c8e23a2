// Reads a target's catalog over connections of the gateway's own, opened when they are needed.
import type { CatalogSnapshot } from "#shared/catalog.ts";
import type { Target } from "#shared/target.ts";
import type { CredentialPort } from "../../ports/credentials.ts";
import { catalogFingerprint, takeSnapshot } from "./catalog.ts";
import { withCredential } from "./credential.ts";
import { openQuestions, type Questions } from "./questions.ts";
import type { UpstreamParts } from "./reach.ts";

export interface PostgresCatalog {
  /** Over a fresh connection, because settings of new sessions show there only. @throws TargetFailure, or when a question fails */
  snapshot(): Promise<CatalogSnapshot>;
  /** The fingerprint that a snapshot taken now would have. @throws as `snapshot` */
  fingerprint(): Promise<string>;
  close(): Promise<void>;
}

export function postgresCatalog(parts: UpstreamParts, target: Target, credentials: CredentialPort): PostgresCatalog {
  let questions: Questions | null = null;
  let last: CatalogSnapshot | undefined;
  const open = async (): Promise<Questions> => {
    questions?.end();
    questions = await withCredential(
      (refused) => credentials.fetch(target.name, refused),
      (password) => openQuestions(parts, target, password),
    );
    await questions.query("SET client_encoding = 'UTF8'");
    return questions;
  };
  return {
    async snapshot() {
      const { query } = await open();
      last = await takeSnapshot(query, target.name, last);
      return last;
    },
    async fingerprint() {
      const { query } = questions?.alive === true ? questions : await open();
      return await catalogFingerprint(query);
    },
    async close() {
      questions?.end();
      questions = null;
    },
  };
}

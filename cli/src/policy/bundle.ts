// The bundle a command is about, and analysis of statements without a gateway.
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { loadModule, parseSync } from "libpg-query";
import { loadPolicyFolder } from "#proxy/adapters/policy-folder.ts";
import { analyse, prepareBase } from "#shared/analysis/sql/analyse.ts";
import { fullName } from "#shared/analysis/sql/lookup.ts";
import type { CatalogSnapshot } from "#shared/catalog.ts";
import type { Facts, RelationName } from "#shared/facts.ts";
import type { LoadedBundle } from "#shared/policy/bundle.ts";
import { BundleRefused } from "#shared/policy/problems.ts";
import { Problem } from "../problem.ts";
import { stateDirectory } from "../settings.ts";

/** The folder that was named, or `policy` here, or the project's. */
export function policyFolder(named: string | undefined): string {
  if (named !== undefined) return resolve(named);
  const here = resolve("policy");
  return existsSync(here) ? here : fileURLToPath(new URL("../../../policy", import.meta.url));
}

/** @throws Problem when there is no such folder; BundleRefused when it cannot be used */
export async function openBundle(folder: string): Promise<LoadedBundle> {
  try {
    return await loadPolicyFolder(folder);
  } catch (error) {
    if (error instanceof BundleRefused) throw error;
    throw new Problem(`${folder} cannot be read as a policy bundle`, 2, "Name the folder that access.cedar is in.");
  }
}

/** Analysis against a target's catalog. */
export interface Analyst {
  /** SQL text to facts. @throws Problem for a text that cannot be parsed */
  factsOf(sql: string): readonly Facts[];
  /** A normalized text, cut into its statements; whole when it cannot be parsed. */
  partsOf(normalized: string): readonly string[];
  /** Relations of which the bundle's catalog says what does not hold at the target. */
  readonly outOfStep: readonly RelationName[];
  /** Is it a view of users, materialized or not? */
  isView(relation: RelationName): boolean;
}

/** Prepares analysis against the catalog of a target as the gateway saw it last. @throws Problem when it never did */
export async function openAnalysis(
  bundle: LoadedBundle,
  target: string,
  more: { readonly telling?: boolean } = {},
): Promise<Analyst> {
  const snapshot = await readSnapshot(target);
  await loadModule();
  const declared = new Map([...bundle.catalog.declaredFunctions(target)].map(([name, { reveals }]) => [name, reveals]));
  const base = prepareBase(snapshot, parseSync, declared);
  const views = new Set(snapshot.relations.filter(({ definition }) => definition !== undefined).map(fullName));
  const fingerprint = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 32);
  return {
    factsOf(sql) {
      const env = { base, searchPath: snapshot.searchPath, temporary: new Map(), fingerprint, ...more };
      return analyse(parsed(sql), sql, env).statements.map((statement) => statement.facts);
    },
    partsOf,
    outOfStep: bundle.catalog.outOfStep(snapshot),
    isView: (relation) => views.has(relation),
  };
}

function partsOf(normalized: string): readonly string[] {
  if (!normalized.includes(";")) return [normalized];
  const bytes = Buffer.from(normalized);
  try {
    // As long as before: places stay where they are.
    const { stmts = [] } = parseSync(normalized.replace(/\$(0+)/g, " $1"));
    return stmts.map(({ stmt_location: at = 0, stmt_len: length }: { stmt_location?: number; stmt_len?: number }) =>
      bytes.subarray(at, length === undefined || length === 0 ? undefined : at + length).toString(),
    );
  } catch {
    return [normalized];
  }
}

function parsed(sql: string): ReturnType<typeof parseSync> {
  try {
    return parseSync(sql);
  } catch (error) {
    throw new Problem(`the statement cannot be parsed: ${(error as Error).message}`, 2);
  }
}

async function readSnapshot(target: string): Promise<CatalogSnapshot> {
  const path = join(stateDirectory(), "catalog", `${target}.json`);
  try {
    return JSON.parse(await readFile(path, "utf8")) as CatalogSnapshot;
  } catch {
    throw new Problem(
      `there is no catalog of the target "${target}" at ${path}`,
      3,
      "The gateway keeps one once it has reached the target: run `npm start`, or name its state directory in POSTERN_STATE.",
    );
  }
}

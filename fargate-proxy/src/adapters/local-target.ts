// A look at a target from the operator's machine, with the gateway's own credential: what `postern catalog scan` needs.
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { CatalogSnapshot } from "#shared/catalog.ts";
import type { LoadedBundle } from "#shared/policy/bundle.ts";
import { parseConfig } from "../config.ts";
import { takeSnapshot } from "../protocols/postgres/catalog.ts";
import { openQuestions } from "../protocols/postgres/questions.ts";
import { openCredentials } from "./credentials.ts";
import { loadPolicyFolder } from "./policy-folder.ts";
import { dialer } from "./socket.ts";

export interface TargetLook {
  readonly bundle: LoadedBundle;
  readonly snapshot: CatalogSnapshot;
  /** At most `count` values of a column in text form, cut at `length` characters, without NULLs; null when they cannot be read. */
  sample(schema: string, relation: string, column: string, count: number): Promise<readonly string[] | null>;
  close(): void;
}

/** For one column; a table whose column is all NULL may be read from end to end. */
const SAMPLE_MS = 5000;
const LENGTH = 300;

/**
 * @param state the local home's state directory, with the gateway's configuration
 * @param policy folder of another bundle than the gateway's
 * @throws BundleRefused, TargetFailure, ConfigRefused, or the file system's error
 */
export async function lookAtTarget(state: string, name: string, policy?: string): Promise<TargetLook> {
  const file = join(state, "proxy.json");
  const config = parseConfig(file, readFileSync(file, "utf8"));
  const bundle = await loadPolicyFolder(policy ?? config.policy, config.targets);
  const target = bundle.targets.get(name);
  if (target === undefined) throw new NoSuchTarget([...bundle.targets.keys()]);
  const inState = (path: string) => resolve(config.state, path);
  const { password } = await openCredentials(bundle.targets, inState, Date.now).fetch(name);
  const { caFile } = target.tls;
  const authorities = new Map(caFile === undefined ? [] : [[name, readFileSync(inState(caFile), "utf8")]]);
  const parts = { dialer, authorities, connectMs: config.limits.connectSeconds * 1000 };
  const { query, end } = await openQuestions(parts, target, password);
  try {
    await query("SET client_encoding = 'UTF8'");
    const snapshot = await takeSnapshot(query, name);
    await query("SET default_transaction_read_only = on");
    await query(`SET statement_timeout = ${SAMPLE_MS}`);
    const sample: TargetLook["sample"] = async (schema, relation, column, count) => {
      const value = quoted(column);
      const sql = `SELECT left(${value}::text, ${LENGTH}) FROM ${quoted(schema)}.${quoted(relation)} WHERE ${value} IS NOT NULL LIMIT ${count}`;
      try {
        return (await query(sql)).flatMap(([cell]) => (cell === null || cell === undefined ? [] : [cell]));
      } catch {
        return null;
      }
    };
    return { bundle, snapshot, sample, close: end };
  } catch (error) {
    end();
    throw error;
  }
}

export class NoSuchTarget extends Error {
  override readonly name = "NoSuchTarget";
  readonly known: readonly string[];
  constructor(known: readonly string[]) {
    super("there is no such target");
    this.known = known;
  }
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

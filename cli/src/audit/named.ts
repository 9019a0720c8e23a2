// The named queries that auditors ask: infra/audit/queries, in the dialect of Athena (Trino), with a heading that says what each is for.
import { readdirSync, readFileSync } from "node:fs";

export interface NamedQuery {
  readonly name: string;
  /** One sentence: a title, a colon, and what the answer holds. */
  readonly says: string;
  /** The sections of 45 CFR that it serves. */
  readonly serves: string;
  /** What stands for each `?` of the text, in order. */
  readonly parameters: readonly string[];
  readonly sql: string;
}

const FOLDER = new URL("../../../infra/audit/queries/", import.meta.url);

/** All of them, by name. @throws when a heading is not as it should be */
export function namedQueries(): readonly NamedQuery[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(".sql"))
    .sort()
    .map((file) => parse(file.slice(0, -4), readFileSync(new URL(file, FOLDER), "utf8")));
}

function parse(name: string, text: string): NamedQuery {
  const match = /^-- (.+)\n-- For: (.+)\n-- Parameters: (.+)\n([\s\S]+)$/.exec(text);
  if (match === null) throw new Error(`the heading of the query ${name} is not as it should be`);
  const [, says = "", serves = "", parameters = "", sql = ""] = match;
  return { name, says, serves, parameters: parameters.split(", "), sql };
}

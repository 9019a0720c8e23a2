// The process in which SQL is parsed and analysed. The parser is WASM that hostile input can hang or break, so it lives where it can
// be killed. One request at a time; after anything but a syntax error the process is thrown away by its owner.
import { createHash } from "node:crypto";
import { hasSqlDetails, loadModule, parseSync } from "libpg-query";
import { analyse, prepareBase } from "#shared/analysis/sql/analyse.ts";
import { normalize } from "#shared/analysis/sql/normalize.ts";
import type { Base } from "#shared/analysis/sql/scope.ts";
import type { CatalogSnapshot } from "#shared/catalog.ts";
import type { Analysis, OutputFact, SyntaxProblem } from "#shared/facts.ts";

export type ToWorker =
  | {
      readonly type: "snapshot";
      readonly snapshot: CatalogSnapshot;
      readonly declared: ReadonlyMap<string, "nothing" | "arguments">;
      readonly keyColumns: ReadonlySet<string>;
    }
  | {
      readonly type: "analyse";
      readonly target: string;
      readonly text: string;
      readonly searchPath: readonly string[];
      readonly temporary: ReadonlyMap<string, readonly OutputFact[]>;
      readonly unsettled: boolean;
    };

export type FromWorker =
  | { readonly type: "ready" }
  | { readonly type: "done"; readonly result: Analysis | SyntaxProblem }
  /** The parser or the analysis broke: this process is not to be trusted any more. */
  | { readonly type: "broken" };

const fingerprint = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 32);

const LONGEST_PROBLEM = 200;

const bases = new Map<string, Base>();

function answer(request: Extract<ToWorker, { type: "analyse" }>): FromWorker {
  const base = bases.get(request.target);
  if (base === undefined) return { type: "broken" };
  try {
    // The parser refuses an empty text; the server takes it for an empty query.
    const tree = request.text === "" ? { stmts: [] } : parseSync(request.text);
    const { searchPath, temporary, unsettled } = request;
    return {
      type: "done",
      result: analyse(tree, request.text, { base, searchPath, temporary, unsettled, fingerprint }),
    };
  } catch (error) {
    if (!hasSqlDetails(error)) return { type: "broken" };
    return { type: "done", result: syntaxProblem(request.text, error.message, error.sqlDetails?.cursorPosition) };
  }
}

function syntaxProblem(text: string, message: string, cursor: number | undefined): SyntaxProblem {
  const normalized = normalize(text);
  // libpg-query counts from 0, PostgreSQL's field P from 1.
  const position = cursor === undefined ? {} : { position: cursor + 1 };
  // An unterminated string or comment is quoted whole by the parser.
  return { syntax: message.slice(0, LONGEST_PROBLEM), ...position, normalized, fingerprint: fingerprint(normalized) };
}

await loadModule();
process.on("message", (message: ToWorker) => {
  if (message.type === "snapshot") {
    const { snapshot, declared, keyColumns } = message;
    bases.set(snapshot.target, prepareBase(snapshot, parseSync, declared, keyColumns));
  } else process.send?.(answer(message));
});
// The gateway is gone, in whatever way.
process.on("disconnect", () => process.exit());
process.send?.({ type: "ready" } satisfies FromWorker);

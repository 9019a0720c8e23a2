// Analysis for tests of the protocol machine, which has no parser.
import type {
  AnalysedStatement,
  Analysis,
  CopyFormat,
  Facts,
  OutputFact,
  SessionEffect,
  StatementKind,
} from "#shared/facts.ts";
import { facts } from "./fake-gate.ts";

/** Splits at semicolons, looks at the first words: enough for the statements of these tests, and for nothing else. */
export function toyAnalysis(text: string): Analysis {
  const parts = text.split(";").filter((part) => part.trim() !== "");
  return { statements: parts.map(toyStatement), normalized: text, fingerprint: text, literalFree: false };
}

const KINDS: readonly (readonly [RegExp, StatementKind])[] = [
  [/^(select|with|values|table)\b/, "select"],
  [/^copy\b.*\bto\b/, "copy-out"],
  [/^copy\b/, "copy-in"],
  [/^(begin|start|commit|end|rollback|abort|savepoint|release)\b/, "transaction"],
  [/^(create|drop|alter)\b/, "define"],
  [/^(insert|update|delete|declare|fetch|close|prepare|execute|deallocate|explain|set|show|listen|notify)\b/, "other"],
];

function toyStatement(sql: string): AnalysedStatement {
  const text = sql.trim();
  const lower = text.toLowerCase();
  const [, found] = KINDS.find(([pattern]) => pattern.test(lower)) ?? [null, "other"];
  const kind = found === "other" ? (/^\w+/.exec(lower)?.[0] as StatementKind) : (found as StatementKind);
  const copied = /^copy\s*\((.*)\)\s*to/i.exec(text);
  const select =
    /^(?:prepare|declare|create temp)\b.*?\b(?:as|for)\b(.*)$/i.exec(text)?.[1]?.trim() ?? copied?.[1] ?? text;
  const returning = /\breturning\b(.*)$/i.exec(text)?.[1];
  const outputs = /^select\b/i.test(select) ? outputsOf(select) : returning === undefined ? null : outputsOf(returning);
  const refers = /^(execute|fetch)\b.*?("?\w+"?)(?:\s*\([^)]*\))?$/i.exec(text);
  const made: Facts = {
    ...facts({ kind, outputs: /^(prepare|declare|define)$/.test(kind) ? null : outputs }),
    ...(refers === null
      ? {}
      : {
          refers: {
            kind: /^execute/i.test(text) ? "prepared" : "cursor",
            name: (refers[2] as string).replaceAll('"', ""),
          },
        }),
  };
  const copy: CopyFormat = { format: "text", delimiter: "\t", null: "\\N", header: false };
  return { facts: made, effects: effectsOf(text, outputs), ...(kind === "copy-out" ? { copy } : {}) };
}

function outputsOf(select: string): OutputFact[] {
  const list = /^(?:\s*select)?\s*(.*?)(?:\bfrom\b.*)?$/is.exec(select)?.[1] ?? "";
  return list.split(",").map((item) => ({
    name: item.trim(),
    sources: /\bssn\b/i.test(item) ? [{ relation: "public.patients", column: "ssn" }] : [],
    direct: false,
  }));
}

function effectsOf(text: string, outputs: readonly OutputFact[] | null): SessionEffect[] {
  const lower = text.toLowerCase();
  const name = (pattern: RegExp) => pattern.exec(lower)?.[1] ?? "";
  const inner = facts({ outputs });
  if (lower.startsWith("prepare")) return [{ type: "prepare", name: name(/^prepare\s+(\w+)/), facts: inner }];
  if (lower.startsWith("declare")) return [{ type: "declare", name: name(/^declare\s+(\w+)/), facts: inner }];
  if (lower.startsWith("deallocate")) return [{ type: "deallocate", name: name(/^deallocate\s+(\w+)/) }];
  if (lower.startsWith("close")) return [{ type: "close", name: name(/^close\s+(\w+)/) }];
  if (/^set\b.*search_path/.test(lower)) return [{ type: "search_path" }];
  if (/^create temp/.test(lower))
    return [{ type: "temporary", name: name(/^create temp\w* table (\w+)/), columns: outputs ?? [] }];
  if (/^(create|drop|alter)\b/.test(lower)) return [{ type: "catalog" }];
  if (/^discard\b/.test(lower)) return [{ type: "discard" }];
  if (/^(begin|start)\b/.test(lower)) return [{ type: "transaction", what: "begin" }];
  if (/^(commit|end)\b/.test(lower)) return [{ type: "transaction", what: "commit" }];
  if (/^rollback to\b/.test(lower)) return [{ type: "transaction", what: "rollback-to" }];
  if (/^(rollback|abort)\b/.test(lower)) return [{ type: "transaction", what: "rollback" }];
  return [];
}

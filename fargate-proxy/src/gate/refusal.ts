// Refusals that the gate words itself: what policy or analysis said no to, and what the user can do.
import type { Decision } from "#shared/decision.ts";
import { Refusal } from "#shared/errors.ts";
import type { Facts, Gap, SyntaxProblem } from "#shared/facts.ts";

export function syntaxRefusal(problem: SyntaxProblem): Refusal {
  return new Refusal("statement-syntax", {
    message: withoutLiteral(problem.syntax),
    ...(problem.position === undefined ? {} : { position: problem.position }),
  });
}

/** The parser repeats the word at which it gave up, and of what never ends all of it. The position says as much, and recordings hold no literals. */
function withoutLiteral(message: string): string {
  const [near, word = ""] = / at or near "([\s\S]*)"$/.exec(message) ?? [""];
  const isLiteral = /^unterminated/.test(message) || /^([0-9.$']|[ebnx]'|u&')/i.test(word);
  return isLiteral ? message.slice(0, message.length - near.length) : message;
}

export function deniedRefusal(decision: Decision): Refusal {
  const policies = decision.policies.length === 0 ? "no policy permits it" : `policy ${decision.policies.join(", ")}`;
  return new Refusal("policy-denied", {
    message: `${decision.why} (${policies})`,
    detail: `Policy bundle ${decision.version.slice(0, 12)}.`,
    ...(decision.hint === undefined ? {} : { hint: decision.hint }),
  });
}

/** @param why the construct that the analysis could not follow */
export function unshowableRefusal(why: string): Refusal {
  return new Refusal("analysis-incomplete", { message: `the result cannot be masked: ${why}` });
}

/** @param why which relation, and what about the command makes its rows untellable */
export function imagelessRefusal(why: string): Refusal {
  return new Refusal("images-impossible", { detail: `The rows before ${why}.` });
}

/** Names that the server does not know either are answered in the server's own terms. */
const UNDEFINED: Readonly<Record<string, "undefined-relation" | "undefined-column" | "undefined-function">> = {
  "undefined-relation": "undefined-relation",
  "undefined-column": "undefined-column",
  "undefined-function": "undefined-function",
};

export function isUndefinedName(gap: Gap): boolean {
  return UNDEFINED[gap.reason] !== undefined;
}

/** The refusal for statements whose names do not exist; undefined when there is any other gap too. */
export function undefinedRefusal(statements: readonly Facts[]): Refusal | undefined {
  const gaps = statements.flatMap((facts) => facts.gaps);
  const first = gaps[0];
  if (first === undefined || !gaps.every(isUndefinedName)) return undefined;
  const code = UNDEFINED[first.reason];
  if (code === undefined) return undefined;
  const what = { "undefined-relation": "relation", "undefined-column": "column", "undefined-function": "function" }[
    code
  ];
  return new Refusal(code, { message: `${what} "${first.what}" does not exist` });
}

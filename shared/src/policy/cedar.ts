// access.cedar: policies by id, their obligations, and every problem by line.
import { type DetailedError, type PolicyJson, policyToJson, validate } from "@cedar-policy/cedar-wasm/nodejs";
import { BUILT_IN_POLICIES, CEDAR_SCHEMA } from "./schema.ts";
import type { Problem } from "./types.ts";
import type { Read } from "./yaml.ts";

export interface AccessPolicy {
  readonly id: string;
  readonly effect: "permit" | "forbid";
  readonly text: string;
  /** Cedar's own JSON form: independent of comments and layout. */
  readonly json: PolicyJson;
  /** Groups of which people must agree (`@approval`); empty when none need to. */
  readonly approval: readonly string[];
  /** The session must state a purpose of use (`@reason("required")`). */
  readonly reason: boolean;
  /** What somebody whom this policy stops can do (`@hint`). */
  readonly hint: string | undefined;
  /** 1-based line of the policy in its file; 0 for those that hold in every bundle. */
  readonly line: number;
}

const FILE = "access.cedar";
const ID = /^[a-z0-9]+(-[a-z0-9]+)*$/;

/** Reads access.cedar and adds the policies that hold in every bundle. */
export function readAccess(text: string): Read<readonly AccessPolicy[]> {
  const problems: Problem[] = [];
  const own = readPolicies(text, problems);
  if (own.length === 0 && problems.length === 0)
    problems.push({ file: FILE, line: 0, message: "there is no policy: nobody could do anything" });
  for (const policy of own) checkNames(policy, own, problems);
  const builtIn = readPolicies(BUILT_IN_POLICIES, problems).map((policy) => ({ ...policy, line: 0 }));
  problems.push(...validationProblems(own));
  return { value: [...own, ...builtIn], problems };
}

function readPolicies(text: string, problems: Problem[]): AccessPolicy[] {
  const read: AccessPolicy[] = [];
  for (const part of splitPolicies(text)) {
    const answer = policyToJson(part.text);
    if (answer.type === "failure") {
      problems.push(...answer.errors.map((error) => ({ file: FILE, ...located(error, part.text, part.line) })));
      continue;
    }
    const annotations = answer.json.annotations ?? {};
    read.push({
      id: annotations.id ?? "",
      effect: answer.json.effect,
      text: part.text,
      json: answer.json,
      approval: list(annotations.approval),
      reason: annotations.reason !== undefined,
      hint: annotations.hint,
      line: part.line,
    });
  }
  return read;
}

function list(annotation: string | undefined): string[] {
  return annotation === undefined ? [] : annotation.split(",").map((group) => group.trim());
}

const ANNOTATIONS = new Set(["id", "approval", "reason", "hint"]);

function checkNames(policy: AccessPolicy, all: readonly AccessPolicy[], problems: Problem[]): void {
  const say = (message: string) => problems.push({ file: FILE, line: policy.line, message });
  const annotations = policy.json.annotations ?? {};
  if (policy.id === "") say('the policy has no @id("..."): decisions name policies by it');
  else if (!ID.test(policy.id)) say(`policy id "${policy.id}" is not lower-case words joined by hyphens`);
  else if (policy.id.startsWith("postern-")) say(`policy id "${policy.id}": ids that begin with postern- are taken`);
  else if (all.find((other) => other.id === policy.id) !== policy) say(`policy id "${policy.id}" is used twice`);
  for (const name of Object.keys(annotations)) if (!ANNOTATIONS.has(name)) say(`unknown annotation @${name}`);
  if (annotations.reason !== undefined && annotations.reason !== "required")
    say('@reason can only be @reason("required")');
  if (policy.approval.some((group) => group === "")) say('@approval needs names of groups: @approval("dba, privacy")');
  if (policy.effect === "forbid" && (policy.reason || annotations.approval !== undefined))
    say("@approval and @reason belong on permit policies: a forbid has no way around");
}

/** What Cedar's validator says, warnings included: a policy that can never apply is a mistake too. */
function validationProblems(policies: readonly AccessPolicy[]): Problem[] {
  const keyed = policies.map((policy, index) => [`p${index}`, policy.text] as const);
  const answer = validate({ schema: CEDAR_SCHEMA, policies: { staticPolicies: Object.fromEntries(keyed) } });
  if (answer.type === "failure") return answer.errors.map((e) => ({ file: FILE, line: 0, message: e.message }));
  const found = [...answer.validationErrors, ...answer.validationWarnings];
  const seen = new Set<string>();
  return found.flatMap(({ policyId, error }) => {
    const policy = policies[Number(policyId.slice(1))];
    if (policy === undefined) return [];
    const { line, message } = located(error, policy.text, policy.line);
    const words = message.replaceAll(`\`${policyId}\``, `\`${policy.id}\``);
    // One mistake is found once for every action that the policy covers.
    const key = `${line} ${words.replace(/ for Action::.*/, "")}`;
    return seen.has(key) || !seen.add(key) ? [] : [{ file: FILE, line, message: words }];
  });
}

function located(error: DetailedError, text: string, firstLine: number): { line: number; message: string } {
  const start = error.sourceLocations?.[0]?.start ?? 0;
  // Cedar counts bytes of UTF-8.
  const before = new TextEncoder().encode(text).subarray(0, start);
  let line = firstLine;
  for (const byte of before) if (byte === 0x0a) line++;
  return { line, message: error.help ? `${error.message} (${error.help})` : error.message };
}

/**
 * Splits a policy file at the semicolons that end policies, so that each is parsed, and its mistakes are found, by itself.
 * Cedar has semicolons nowhere else but in strings and comments.
 */
export function splitPolicies(text: string): { readonly text: string; readonly line: number }[] {
  const parts: { text: string; line: number }[] = [];
  const token = /"(?:[^"\\]|\\[\s\S])*"|\/\/[^\n]*|;|\n|\S/g;
  let line = 1;
  let start = -1;
  let startLine = 1;
  for (const { 0: found, index } of text.matchAll(token)) {
    if (start < 0 && found !== "\n" && !found.startsWith("//")) {
      start = index;
      startLine = line;
    }
    if (found === ";") {
      parts.push({ text: text.slice(start, index + 1), line: startLine });
      start = -1;
    }
    for (const char of found) if (char === "\n") line++;
  }
  if (start >= 0) parts.push({ text: text.slice(start), line: startLine });
  return parts;
}

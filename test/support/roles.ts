// Roles of a template, one statement a line.
import type { Template } from "aws-cdk-lib/assertions";

interface Statement {
  readonly Effect: "Allow" | "Deny";
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: object;
}
interface Policy {
  readonly PolicyDocument: { readonly Statement: readonly Statement[] };
  readonly Roles?: readonly { readonly Ref?: string }[];
}

const list = <T>(one: T | readonly T[]): readonly T[] => (Array.isArray(one) ? (one as readonly T[]) : [one as T]);

/** @returns for each role a line with its name and who may take it on, and one for each statement */
export function rolesOf(stack: string, template: Template): string[] {
  const policies = Object.values(template.findResources("AWS::IAM::Policy")).map((one) => one.Properties as Policy);
  return Object.entries(template.findResources("AWS::IAM::Role")).flatMap(([id, { Properties }]) => {
    const own = policies.filter(({ Roles = [] }) => Roles.some(({ Ref }) => Ref === id));
    const inline = ((Properties.Policies ?? []) as Policy[]).concat(own);
    const managed = ((Properties.ManagedPolicyArns ?? []) as unknown[]).map((arn) => `  managed ${named(arn)}`);
    const trust = (Properties.AssumeRolePolicyDocument.Statement as { Principal: { Service?: unknown } }[])
      .map(({ Principal }) => named(Principal.Service ?? Principal))
      .join(", ");
    const lines = inline.flatMap(({ PolicyDocument }) => PolicyDocument.Statement.map(lineOf)).sort();
    return [`${stack}/${short(id)} (${trust})`, ...managed, ...lines, ""];
  });
}

function lineOf({ Effect, Action, Resource, Condition }: Statement): string {
  const on = [...new Set(list(Resource).map(named))].sort().join(", ");
  const when = Condition === undefined ? "" : ` when ${named(Condition)}`;
  return `  ${Effect.toLowerCase()} ${list(Action).join(", ")} on ${on}${when}`;
}

/** An intrinsic in words: `<Logical.Attribute>` without the hashes that CDK adds. */
function named(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return value.map(named).join(", ");
  const [[key, inner] = ["", null]] = Object.entries(value);
  if (key === "Ref") return `<${short(String(inner))}>`;
  if (key === "Fn::GetAtt") return `<${(inner as string[]).map(short).join(".")}>`;
  if (key === "Fn::Join") return ((inner as [string, unknown[]])[1] ?? []).map(named).join((inner as [string])[0]);
  if (key === "Fn::ImportValue") return `<${imported(named(inner))}>`;
  if (isIntrinsic(value)) return `${key.replace("Fn::", "")}(${named(inner)})`;
  return JSON.stringify(value, (_, one) => (isIntrinsic(one) ? named(one) : one));
}

function isIntrinsic(value: unknown): boolean {
  const keys = typeof value === "object" && value !== null ? Object.keys(value) : [];
  return keys.length === 1 && /^(Ref|Fn::.*)$/.test(keys[0] as string);
}

/** `PosternData:ExportsOutputFnGetAttJournalTable0A1B2C3DArn4E5F6A7B` is `PosternData.JournalTable.Arn`. */
function imported(text: string): string {
  const match = /^(\w+):ExportsOutput(?:Ref|FnGetAtt)(\w+?)[0-9A-F]{8}(\w*?)(?:[0-9A-F]{8})?$/.exec(text);
  return match === null ? text : [match[1], match[2], match[3]].filter((part) => part !== "").join(".");
}

function short(id: string): string {
  return id.replace(/[0-9A-F]{8}$/, "");
}

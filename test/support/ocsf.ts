// Holds a line of evidence against the published OCSF schema (test/corpus/ocsf), as a consumer's validator would.
import { readFileSync } from "node:fs";

interface Attribute {
  readonly type: string;
  readonly requirement: "required" | "recommended" | "optional";
  readonly array?: boolean;
  readonly enum?: readonly string[];
  readonly profile?: string;
}
interface Shape {
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly constraints?: { readonly at_least_one?: readonly string[]; readonly just_one?: readonly string[] };
}
interface Schema {
  readonly version: string;
  readonly classes: Readonly<Record<string, Shape & { readonly category_uid: number }>>;
  readonly objects: Readonly<Record<string, Shape>>;
  readonly types: Readonly<
    Record<string, { readonly type?: string; readonly regex?: string; readonly max_len?: number }>
  >;
}

const schema = JSON.parse(readFileSync(new URL("../corpus/ocsf/schema.json", import.meta.url), "utf8")) as Schema;
/** What our extension adds to every class. */
const OURS = "postern";

/** @returns what is wrong, in words */
export function ocsfProblems(line: Record<string, unknown>): string[] {
  const of = schema.classes[String(line.class_uid)];
  if (of === undefined) return [`no class ${line.class_uid}`];
  const { [OURS]: own, ...rest } = line;
  const metadata = line.metadata as { version?: string; extensions?: { name: string }[]; profiles?: string[] };
  const problems = check(rest, of, "", new Set(metadata.profiles ?? []));
  if (metadata.version !== schema.version) problems.push(`version ${metadata.version}`);
  if (own !== undefined && metadata.extensions?.some(({ name }) => name === OURS) !== true)
    problems.push("an object of an extension that is not named");
  if (line.category_uid !== of.category_uid) problems.push(`category_uid ${line.category_uid}`);
  if (line.type_uid !== Number(line.class_uid) * 100 + Number(line.activity_id))
    problems.push(`type_uid ${line.type_uid}`);
  return problems;
}

function check(value: Record<string, unknown>, shape: Shape, at: string, profiles: ReadonlySet<string>): string[] {
  const problems: string[] = [];
  const applies = ({ profile }: Attribute) => profile === undefined || profiles.has(profile);
  for (const [name, attribute] of Object.entries(shape.attributes))
    if (attribute.requirement === "required" && applies(attribute) && value[name] === undefined)
      problems.push(`${at}${name} is required`);
  for (const [name, found] of Object.entries(value)) {
    if (found === undefined) continue;
    const attribute = shape.attributes[name];
    if (attribute === undefined || !applies(attribute)) problems.push(`${at}${name} is not in the schema`);
    else problems.push(...checkAll(found, attribute, `${at}${name}`, profiles));
  }
  const { at_least_one: some, just_one: one } = shape.constraints ?? {};
  if (some !== undefined && !some.some((name) => value[name] !== undefined))
    problems.push(`${at}: none of ${some.join(", ")}`);
  if (one !== undefined && one.filter((name) => value[name] !== undefined).length !== 1)
    problems.push(`${at}: not one of ${one.join(", ")}`);
  return problems;
}

function checkAll(found: unknown, attribute: Attribute, at: string, profiles: ReadonlySet<string>): string[] {
  if (Array.isArray(found) !== (attribute.array === true))
    return [`${at} is ${attribute.array === true ? "no" : "a"} list`];
  const all = Array.isArray(found) ? found : [found];
  return all.flatMap((one) => checkOne(one, attribute, at, profiles));
}

function checkOne(
  found: unknown,
  { type, enum: values }: Attribute,
  at: string,
  profiles: ReadonlySet<string>,
): string[] {
  const named = schema.types[type];
  if (named === undefined) {
    const shape = schema.objects[type];
    if (shape === undefined) return [`${at}: object ${type} is not in the extract of the schema`];
    if (typeof found !== "object" || found === null) return [`${at} is no object`];
    return check(found as Record<string, unknown>, shape, `${at}.`, profiles);
  }
  const base = named.type ?? type;
  const right =
    base === "string_t"
      ? typeof found === "string"
      : base === "boolean_t"
        ? typeof found === "boolean"
        : base === "float_t"
          ? typeof found === "number"
          : Number.isSafeInteger(found);
  if (!right) return [`${at} is no ${type}`];
  if (values !== undefined && !values.includes(String(found))) return [`${at} ${found} is no value of its list`];
  if (named.regex !== undefined && !new RegExp(named.regex).test(String(found))) return [`${at} is no ${type}`];
  return [];
}

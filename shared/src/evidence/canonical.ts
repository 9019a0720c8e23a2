// RFC 8785 (JSON Canonicalization Scheme): one spelling for one value. For what is hashed outside the hot path.

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json | undefined };

/**
 * @returns the value's only canonical text. Members that are `undefined` are left out, as JSON.stringify does.
 * @throws RangeError for numbers that JSON has no word for, and for strings that are not well-formed Unicode (RFC 8785, 3.2.2)
 */
export function canonical(value: Json): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") return canonicalNumber(value);
  if (typeof value === "string") return canonicalString(value);
  if (isList(value)) return `[${value.map(canonical).join(",")}]`;
  const members = Object.keys(value)
    .filter((name) => value[name] !== undefined)
    // The default order compares UTF-16 code units, which is the order that RFC 8785, 3.2.3 asks for.
    .sort()
    .map((name) => `${canonicalString(name)}:${canonical(value[name] ?? null)}`);
  return `{${members.join(",")}}`;
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function canonicalNumber(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError("JSON has no word for this number");
  return JSON.stringify(value);
}

function canonicalString(value: string): string {
  if (!value.isWellFormed()) throw new RangeError("a string is not well-formed Unicode");
  return JSON.stringify(value);
}

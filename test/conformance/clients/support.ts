// What the client programs written in TypeScript share: each prints one line of JSON for every step.
import { readFileSync } from "node:fs";

export type Part = "all" | "phi";

/** Statements that all clients run, from the folder `sql`. */
export function sql(name: string): string {
  return readFileSync(new URL(`../sql/${name}.sql`, import.meta.url), "utf8").trim();
}

/** The statements of setup.sql, one by one. */
export function setup(): string[] {
  return sql("setup").split(/;\n/);
}

/** The lines of errors.sql: a name and a statement that fails. */
export function failing(): [string, string][] {
  return sql("errors")
    .split("\n")
    .map((line) => {
      const at = line.indexOf(": ");
      return [line.slice(0, at), line.slice(at + 2)];
    });
}

/** Runs a step and prints what came of it: the value, or the SQLSTATE of the error. */
export async function step(name: string, run: () => Promise<unknown> | unknown): Promise<void> {
  let value: unknown;
  try {
    value = await run();
  } catch (error) {
    value = { failed: (error as { code?: string }).code ?? String(error) };
  }
  console.log(JSON.stringify({ step: name, value: plain(value) }));
}

/** Values of clients as JSON: bytes in hexadecimal, dates in ISO format, what JSON does not know as text. */
function plain(value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (Buffer.isBuffer(value)) return `\\x${value.toString("hex")}`;
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === "bigint" || typeof value === "number") return String(value);
  if (typeof value === "object") return Object.fromEntries(Object.entries(value).map(([key, of]) => [key, plain(of)]));
  return value;
}

// The options of COPY TO STDOUT, with PostgreSQL's defaults filled in (PostgreSQL documentation, COPY): whoever masks its rows has to read them.
import type { CopyFormat } from "../../facts.ts";
import { bodyOf, type Node } from "./tree.ts";

/** @returns nothing for a format that is not known: its rows cannot be masked */
export function copyFormat(options: readonly Node[] | undefined): CopyFormat | undefined {
  const given = new Map<string, Node | undefined>();
  for (const option of options ?? []) {
    const element = bodyOf(option, "DefElem");
    if (element !== null) given.set(element.defname ?? "", element.arg);
  }
  const text = (name: string, otherwise: string) => (given.has(name) ? textOf(given.get(name)) : otherwise);
  const format = text("format", "text").toLowerCase();
  if (format === "binary") return { format };
  if (format !== "text" && format !== "csv") return undefined;
  const csv = format === "csv";
  const lines = {
    delimiter: text("delimiter", csv ? "," : "\t"),
    null: text("null", csv ? "" : "\\N"),
    header: given.has("header") && isOn(given.get("header")),
    ...(given.has("encoding") ? { encoding: text("encoding", "") } : {}),
  };
  if (!csv) return { format, ...lines };
  const quote = text("quote", '"');
  return { format, ...lines, quote, escape: text("escape", quote) };
}

function textOf(arg: Node | undefined): string {
  return bodyOf(arg, "String")?.sval ?? "";
}

/** An option without a value is on, and so is any value that is not one of PostgreSQL's words for off: the server refuses nonsense. */
function isOn(arg: Node | undefined): boolean {
  const boolean = bodyOf(arg, "Boolean");
  if (boolean !== null) return boolean.boolval === true;
  const integer = bodyOf(arg, "Integer");
  if (integer !== null) return (integer.ival ?? 0) !== 0;
  return arg === undefined || !["off", "false"].includes(textOf(arg).toLowerCase());
}

// Types as infra/audit/events.json has them (Hive's, and `json`), as DuckDB writes them.

const SIMPLE: Readonly<Record<string, string>> = {
  string: "VARCHAR",
  int: "INTEGER",
  bigint: "BIGINT",
  boolean: "BOOLEAN",
  json: "JSON",
};

/** @throws for a type that is not one of them */
export function duckType(hive: string): string {
  const reading = { text: hive, at: 0 };
  const type = typeAt(reading);
  if (reading.at !== hive.length) throw new Error(`${hive} goes on after its end`);
  return type;
}

interface Reading {
  readonly text: string;
  at: number;
}

function typeAt(reading: Reading): string {
  const word = wordAt(reading);
  if (word === "array") return `${inBrackets(reading, () => typeAt(reading))}[]`;
  if (word === "struct") return `STRUCT(${inBrackets(reading, () => membersAt(reading))})`;
  const simple = SIMPLE[word];
  if (simple === undefined) throw new Error(`${word} is not a type that the audit table uses`);
  return simple;
}

function membersAt(reading: Reading): string {
  const members: string[] = [];
  do {
    const name = wordAt(reading);
    expect(reading, ":");
    members.push(`"${name}" ${typeAt(reading)}`);
  } while (take(reading, ","));
  return members.join(", ");
}

function inBrackets(reading: Reading, read: () => string): string {
  expect(reading, "<");
  const inner = read();
  expect(reading, ">");
  return inner;
}

function wordAt(reading: Reading): string {
  const word = /^\w+/.exec(reading.text.slice(reading.at))?.[0] ?? "";
  reading.at += word.length;
  return word;
}

function take(reading: Reading, sign: string): boolean {
  if (reading.text[reading.at] !== sign) return false;
  reading.at += 1;
  return true;
}

function expect(reading: Reading, sign: string): void {
  if (!take(reading, sign)) throw new Error(`${reading.text} has no ${sign} at ${reading.at}`);
}

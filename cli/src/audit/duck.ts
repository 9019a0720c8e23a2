// The auditors' SQL at home: DuckDB over the objects of the evidence, as Athena reads them in AWS. The queries are the same; what Trino's
// functions are called in DuckDB stands here.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance, type Json } from "@duckdb/node-api";
import { duckType } from "./hive-types.ts";

const MACROS = [
  "from_unixtime(seconds) AS to_timestamp(seconds)",
  "at_timezone(moment, zone) AS timezone(zone, moment)",
  "day_of_week(moment) AS isodow(moment)",
  "json_extract_scalar(document, path) AS json_extract_string(document, path)",
  "cardinality(list) AS len(list)",
  "sequence(first, last) AS generate_series(first, last)",
  "array_join(list, sign) AS array_to_string(list, sign)",
];

export interface Answer {
  readonly columns: readonly string[];
  readonly rows: readonly Readonly<Record<string, Json>>[];
}

/**
 * @param evidence folder of the store
 * @param values of the query's parameters, in order
 */
export async function ask(evidence: string, sql: string, values: readonly (string | number)[]): Promise<Answer> {
  const instance = await DuckDBInstance.create(":memory:", { autoinstall_known_extensions: "false" });
  const connection = await instance.connect();
  try {
    await connection.run("SET TimeZone = 'UTC'");
    for (const macro of MACROS) await connection.run(`CREATE MACRO ${macro}`);
    await connection.run(`CREATE VIEW events AS ${eventsOf(evidence)}`);
    const result = await connection.runAndReadAll(sql, [...values]);
    return { columns: result.columnNames(), rows: result.getRowObjectsJson() };
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

function eventsOf(evidence: string): string {
  const { columns, partitions } = table();
  const files = quote(join(evidence, "events", "v1", "*", "*", "*", "*.ndjson.zst"));
  const options = [
    "format = 'newline_delimited'",
    "compression = 'zstd'",
    `columns = ${struct(columns)}`,
    "hive_partitioning = true",
    `hive_types = ${struct(partitions)}`,
  ];
  return `SELECT * FROM read_json(${files}, ${options.join(", ")})`;
}

/** The columns of the table and its partitions, by name, with Hive's types. */
function table(): { readonly columns: Record<string, string>; readonly partitions: Record<string, string> } {
  return JSON.parse(readFileSync(new URL("../../../infra/audit/events.json", import.meta.url), "utf8"));
}

function struct(types: Readonly<Record<string, string>>): string {
  return `{${Object.entries(types)
    .map(([name, type]) => `${quote(name)}: ${quote(duckType(type))}`)
    .join(", ")}}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

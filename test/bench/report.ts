// The figures of a bench as ratios, as tables for people, and as one line of JSON.
import type { CellResult, FetchResult, Results, RouteName } from "./measure.ts";

/**
 * Every ratio that the results allow. Throughput ratios are Postern's by the other's (higher is better) and the geometric mean over all
 * cells of pgbench with that many clients; time ratios are Postern's by the other's (lower is better).
 */
export function ratios(results: Results): Record<string, number> {
  const found: Record<string, number> = {};
  const put = (name: string, values: readonly number[]) => {
    if (values.length > 0)
      found[name] = round(Math.exp(values.reduce((sum, v) => sum + Math.log(v), 0) / values.length));
  };
  for (const clients of new Set(results.cells.map((c) => c.load.clients))) {
    const cells = results.cells.filter((c) => c.load.clients === clients);
    put(`pgbouncer_c${clients}`, throughput(cells, "pgbouncer"));
    put(`direct_c${clients}`, throughput(cells, "direct"));
    for (const [script, word] of [
      ["select-only", "select"],
      ["tpcb-like", "tpcb"],
    ] as const) {
      const some = cells.filter((c) => c.load.script === script);
      put(`pgbouncer_c${clients}_${word}`, throughput(some, "pgbouncer"));
    }
  }
  for (const fetch of results.large) {
    const name = `${fetch.way === "stream" ? "select" : fetch.way}_500k_${fetch.masked ? "masked" : "clear"}`;
    put(`${name}_vs_direct`, [fetch.seconds.postern / fetch.seconds.direct]);
    put(`${name}_vs_pgbouncer`, [fetch.seconds.postern / fetch.seconds.pgbouncer]);
  }
  return found;
}

function throughput(cells: readonly CellResult[], by: RouteName): number[] {
  return cells.flatMap(({ runs }) => {
    const [ours, theirs] = [runs.postern, runs[by]];
    return ours === undefined || theirs === undefined ? [] : [ours.tps / theirs.tps];
  });
}

/** Microseconds that a gateway adds to the direct route, at a quantile. */
function added(cell: CellResult, name: RouteName, quantile: "p50" | "p99"): string {
  const [gateway, direct] = [cell.runs[name], cell.runs.direct];
  return gateway === undefined || direct === undefined ? "" : String(Math.round(gateway[quantile] - direct[quantile]));
}

/** @returns the results as GitHub-flavoured Markdown: what docs/benchmarks.md holds */
export function markdown(results: Results): string {
  return [cellTable(results.cells), fetchTable(results.large), memoryTable(results), ratioTable(results)].join("\n\n");
}

function cellTable(cells: readonly CellResult[]): string {
  const tps = (cell: CellResult, name: RouteName) => cell.runs[name]?.tps.toFixed(0) ?? "";
  const cpu = (cell: CellResult, name: RouteName) => cell.runs[name]?.cpu?.toFixed(0) ?? "";
  const head = ["workload", "clients", "direct tps", "pgbouncer tps", "Postern tps", "by pgbouncer"];
  const more = [
    "pgbouncer adds p50 / p99 µs",
    "Postern adds p50 / p99 µs",
    "CPU µs a transaction: pgbouncer / Postern",
  ];
  const pair = (a: string, b: string) => (a === "" && b === "" ? "" : `${a} / ${b}`);
  const rows = cells.map((cell) => [
    `${cell.load.script}, ${cell.load.protocol}`,
    String(cell.load.clients),
    tps(cell, "direct"),
    tps(cell, "pgbouncer"),
    tps(cell, "postern"),
    throughput([cell], "pgbouncer")
      .map((r) => r.toFixed(2))
      .join(""),
    pair(added(cell, "pgbouncer", "p50"), added(cell, "pgbouncer", "p99")),
    pair(added(cell, "postern", "p50"), added(cell, "postern", "p99")),
    pair(cpu(cell, "pgbouncer"), cpu(cell, "postern")),
  ]);
  return table([...head, ...more], rows);
}

function fetchTable(large: readonly FetchResult[]): string {
  const ways = {
    stream: "SELECT, node-postgres, row by row",
    psql: "SELECT, psql",
    copy: "COPY TO STDOUT, psql",
  } as const;
  const head = ["500 000 rows", "direct s", "pgbouncer s", "Postern s", "by direct", "by pgbouncer"];
  const rows = large.map(({ way, masked, seconds }) => [
    `${ways[way]}, ${masked ? "masked" : "nothing to mask"}`,
    ...[seconds.direct, seconds.pgbouncer, seconds.postern].map((s) => s.toFixed(2)),
    (seconds.postern / seconds.direct).toFixed(2),
    (seconds.postern / seconds.pgbouncer).toFixed(2),
  ]);
  return table(head, rows);
}

function memoryTable(results: Results): string {
  const rows = Object.entries(results.memory).map(([name, m]) => [
    name,
    ...[m.idle, m.now, m.peak].map((v) => v.toFixed(0)),
  ]);
  return table(["memory, MB", "idle", "after", "peak"], rows);
}

function ratioTable(results: Results): string {
  return table(
    ["ratio", "value"],
    Object.entries(ratios(results)).map(([name, value]) => [`\`${name}\``, String(value)]),
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

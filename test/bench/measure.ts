// Runs a plan over the routes, in turns.
import { fetchAll } from "./large.ts";
import { pgbench, type Run, type Workload } from "./pgbench.ts";
import type { Cell, Fetch, Plan } from "./plan.ts";
import type { Route } from "./route.ts";
import { memory } from "./usage.ts";

export type RouteName = Route["name"];

export interface CellResult {
  readonly load: Workload;
  readonly runs: Readonly<Partial<Record<RouteName, Run>>>;
}

export interface FetchResult {
  readonly way: Fetch["way"];
  readonly masked: boolean;
  /** Seconds until the last row, the best of the rounds. */
  readonly seconds: Readonly<Record<RouteName, number>>;
}

export interface Results {
  readonly cells: readonly CellResult[];
  readonly large: readonly FetchResult[];
  /** MB of each gateway: before the first run, now, and at its highest. */
  readonly memory: Readonly<Record<string, { readonly idle: number; readonly now: number; readonly peak: number }>>;
}

/** Before anything counts: a just-started process compiles as it goes, and caches are empty. */
const WARM_UP: readonly Workload[] = [
  { script: "select-only", protocol: "simple", clients: 16 },
  { script: "tpcb-like", protocol: "extended", clients: 16 },
];
const WARM_UP_SECONDS = 2;

export async function measure(plan: Plan, routes: readonly Route[], say: (line: string) => void): Promise<Results> {
  const gateways = routes.filter((route) => route.pid !== undefined);
  say("warming up");
  for (const route of gateways) for (const load of WARM_UP) await pgbench(route, load, WARM_UP_SECONDS);
  const idle = new Map(gateways.map((route) => [route.name, memory(route.pid ?? 0).now]));
  const cells: CellResult[] = [];
  for (const cell of plan.cells) {
    say(`${cell.load.script} ${cell.load.protocol} ${cell.load.clients}`);
    cells.push(await measureCell(cell, routes));
  }
  const large: FetchResult[] = [];
  for (const fetch of plan.large) {
    say(`${plan.rows} rows ${fetch.way} ${fetch.masked ? "masked" : "clear"}`);
    large.push(await measureFetch(fetch, plan.rows, routes));
  }
  const used = gateways.map((r) => [r.name, { idle: idle.get(r.name) ?? Number.NaN, ...memory(r.pid ?? 0) }] as const);
  return { cells, large, memory: Object.fromEntries(used) };
}

/** All routes in every round, every other round backwards. */
async function inTurns(rounds: number, routes: readonly Route[], run: (route: Route) => Promise<void>): Promise<void> {
  for (let round = 0; round < rounds; round++)
    for (const route of round % 2 === 0 ? routes : [...routes].reverse()) await run(route);
}

async function measureCell(cell: Cell, routes: readonly Route[]): Promise<CellResult> {
  const taken = cell.direct ? routes : routes.filter((route) => route.name !== "direct");
  const runs = new Map<RouteName, Run[]>();
  await inTurns(cell.rounds, taken, async (route) => {
    runs.set(route.name, [...(runs.get(route.name) ?? []), await pgbench(route, cell.load, cell.seconds)]);
  });
  return { load: cell.load, runs: Object.fromEntries([...runs].map(([name, all]) => [name, mean(all)])) };
}

function mean(runs: readonly Run[]): Run {
  const of = (pick: (run: Run) => number) => runs.reduce((sum, run) => sum + pick(run), 0) / runs.length;
  const cpu = runs.every((run) => run.cpu !== null) ? of((run) => run.cpu ?? 0) : null;
  return { tps: of((run) => run.tps), p50: of((run) => run.p50), p99: of((run) => run.p99), cpu };
}

async function measureFetch(fetch: Fetch, rows: number, routes: readonly Route[]): Promise<FetchResult> {
  const table = fetch.masked ? "people" : "people_open";
  const seconds: Record<RouteName, number> = { direct: Infinity, pgbouncer: Infinity, postern: Infinity };
  await inTurns(fetch.rounds, routes, async (route) => {
    seconds[route.name] = Math.min(seconds[route.name], await fetchAll(route, fetch.way, table, rows));
  });
  return { way: fetch.way, masked: fetch.masked, seconds };
}

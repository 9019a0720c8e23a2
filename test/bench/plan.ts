// What is measured, and how often: the same cells in both modes, so that their ratios mean the same.
import type { Way } from "./large.ts";
import type { Workload } from "./pgbench.ts";

export interface Plan {
  readonly name: "full" | "quick";
  readonly scale: number;
  readonly rows: number;
  readonly cells: readonly Cell[];
  readonly large: readonly Fetch[];
}

export interface Cell {
  readonly load: Workload;
  readonly seconds: number;
  /** Every round runs all routes once; every other round in reversed order, so that a drift of the machine cancels. */
  readonly rounds: number;
  /** Is the direct route run too? */
  readonly direct: boolean;
}

export interface Fetch {
  readonly way: Way;
  readonly masked: boolean;
  readonly rounds: number;
}

const SCRIPTS = ["select-only", "tpcb-like"] as const;
const PROTOCOLS = ["simple", "extended", "prepared"] as const;

function cells(clients: readonly number[], more: (load: Workload) => Omit<Cell, "load">): Cell[] {
  const loads = clients.flatMap((c) =>
    SCRIPTS.flatMap((script) => PROTOCOLS.map((protocol) => ({ script, protocol, clients: c }))),
  );
  return loads.map((load) => ({ load, ...more(load) }));
}

export const FULL: Plan = {
  name: "full",
  scale: 20,
  rows: 500_000,
  cells: cells([1, 8, 32], () => ({ seconds: 4, rounds: 2, direct: true })),
  large: (["stream", "psql", "copy"] as const).flatMap((way) =>
    [true, false].map((masked) => ({ way, masked, rounds: 3 })),
  ),
};

/** Ends within 45 seconds, set-up included. */
export const QUICK: Plan = {
  name: "quick",
  scale: 10,
  rows: 500_000,
  cells: [
    ...cells([32], (load) => ({ seconds: load.script === "select-only" ? 2 : 1, rounds: 1, direct: false })),
    { load: { script: "select-only", protocol: "prepared", clients: 1 }, seconds: 1, rounds: 1, direct: false },
  ],
  large: [
    { way: "stream", masked: true, rounds: 1 },
    { way: "copy", masked: true, rounds: 1 },
  ],
};

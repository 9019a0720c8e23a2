// Metrics in Prometheus' text format (version 0.0.4). Labels are closed words; nothing of a statement, a row or a token gets here.
import type { Meter } from "../ports/meter.ts";

type Labelled = Map<string, number>;

interface Counter {
  readonly help: string;
  /** Name of the one label; empty for none. */
  readonly label: string;
  readonly values: Labelled;
}

/** Upper bounds in microseconds. */
const BOUNDS = [50, 100, 250, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 10_000_000];
/** Distinct labels of one counter: beyond it they are one, so that nothing can fill the memory. */
const MOST_LABELS = 200;

class Histogram {
  readonly help: string;
  readonly counts = new Float64Array(BOUNDS.length + 1);
  sum = 0;

  constructor(help: string) {
    this.help = help;
  }

  add(micros: number): void {
    this.sum += micros;
    let i = 0;
    while (i < BOUNDS.length && micros > (BOUNDS[i] as number)) i++;
    this.counts[i] = (this.counts[i] as number) + 1;
  }
}

/** What only the shell around the gate counts. */
export type ShellCounter = "connections" | "logins_ended" | "cancel_requests" | "policy_troubles";

export class Metrics implements Meter {
  readonly #counters = {
    sessions_opened: counter("Sessions that were admitted, by kind of principal.", "kind"),
    logins_refused: counter("Logins that were refused, by reason.", "code"),
    commands: counter("Commands that were permitted, by kind of statement.", "kind"),
    refusals: counter("Commands that were refused, by reason.", "code"),
    rows: counter("Rows that targets returned.", "target"),
    masked_cells: counter("Cells that were masked, by mask.", "mask"),
    texts: counter("Free texts that were to be inspected, by outcome.", "outcome"),
    connections: counter("Connections that were accepted, or not for want of room.", "outcome"),
    logins_ended: counter("Connections that ended without a session, and without a refusal.", "how"),
    policy_troubles: counter(
      "Policies in force that could not be read, used or announced: the one from before goes on.",
      "why",
    ),
    cancel_requests: counter("Cancel requests, by whether a session has the key.", "outcome"),
  };
  readonly #times = {
    decide: new Histogram("Time to decide on a command that is not remembered."),
    journal: new Histogram("Time until an event was durable."),
    command: new Histogram("Time of a command, from permit to completion."),
    inspect: new Histogram("Time until a batch of free texts was inspected."),
  };
  readonly #gauges = new Map<string, { readonly help: string; read(): number }>();
  #sessions = 0;

  constructor() {
    this.watch("sessions_live", "Sessions that are open.", () => this.#sessions);
  }

  count(name: Parameters<Meter["count"]>[0] | ShellCounter, by: number, label: string): void {
    const { values } = this.#counters[name];
    const key = values.has(label) || values.size < MOST_LABELS ? label : "other";
    values.set(key, (values.get(key) ?? 0) + by);
  }

  gauge(_name: "sessions_live", value: number): void {
    this.#sessions = value;
  }

  time(name: Parameters<Meter["time"]>[0], micros: number): void {
    this.#times[name].add(micros);
  }

  /** A gauge that is read whenever metrics are asked for. */
  watch(name: string, help: string, read: () => number): void {
    this.#gauges.set(name, { help, read });
  }

  text(): string {
    const lines: string[] = [];
    for (const [name, { help, label, values }] of Object.entries(this.#counters)) {
      head(lines, `postern_${name}_total`, help, "counter");
      for (const [value, count] of values) lines.push(`postern_${name}_total{${label}="${escaped(value)}"} ${count}`);
    }
    for (const [name, { help, read }] of this.#gauges) {
      head(lines, `postern_${name}`, help, "gauge");
      lines.push(`postern_${name} ${read()}`);
    }
    for (const [name, histogram] of Object.entries(this.#times)) writeHistogram(lines, name, histogram);
    return `${lines.join("\n")}\n`;
  }
}

function writeHistogram(lines: string[], name: string, { help, counts, sum }: Histogram): void {
  const full = `postern_${name}_seconds`;
  head(lines, full, help, "histogram");
  let total = 0;
  BOUNDS.forEach((bound, i) => {
    total += counts[i] as number;
    lines.push(`${full}_bucket{le="${bound / 1e6}"} ${total}`);
  });
  total += counts[BOUNDS.length] as number;
  lines.push(`${full}_bucket{le="+Inf"} ${total}`, `${full}_sum ${sum / 1e6}`, `${full}_count ${total}`);
}

function head(lines: string[], name: string, help: string, type: string): void {
  lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
}

function counter(help: string, label: string): Counter {
  return { help, label, values: new Map() };
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

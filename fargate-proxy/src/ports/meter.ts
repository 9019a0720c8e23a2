/** What the gate counts. Names and labels never hold data of a statement, a row or a token. */
export interface Meter {
  /** Adds to a counter. `label` is a closed word (an error code, a statement kind, a mask name). */
  count(
    name: "sessions_opened" | "logins_refused" | "commands" | "refusals" | "rows" | "masked_cells" | "texts",
    by: number,
    label: string,
  ): void;
  /** Sets a gauge. */
  gauge(name: "sessions_live", value: number): void;
  /** Microseconds that a step took. */
  time(name: "decide" | "journal" | "command" | "inspect", micros: number): void;
}

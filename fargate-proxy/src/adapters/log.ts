// Structured logs: one JSON object a line.
import type { Log, LogFields } from "../ports/log.ts";

type Level = "info" | "warn" | "error";

/** @param write takes one line, with its line feed; @param now milliseconds since the epoch */
export function jsonLog(write: (line: string) => void, now: () => number): Log {
  const log = (level: Level, what: string, fields: LogFields = {}) =>
    write(`${JSON.stringify({ time: new Date(now()).toISOString(), level, what, ...fields })}\n`);
  return {
    info: (what, fields) => log("info", what, fields),
    warn: (what, fields) => log("warn", what, fields),
    error: (what, fields) => log("error", what, fields),
  };
}

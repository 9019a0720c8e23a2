// What a process and its children use, from Linux's /proc (proc(5)): Postern parses in a child.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** Clock ticks per second: sysconf(_SC_CLK_TCK). */
const TICKS = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

interface Stat {
  readonly parent: number;
  readonly ticks: number;
}

/** Null when the process has ended. */
function stat(pid: number): Stat | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the command in parentheses and may hold anything: count from the last one.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) };
  } catch {
    return null;
  }
}

/** Empty when the process has ended. */
function status(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, "utf8");
  } catch {
    return "";
  }
}

/** A process and all that descend from it and live. */
function family(pid: number): number[] {
  const all = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const parents = new Map(all.map((name) => [Number(name), stat(Number(name))?.parent]));
  const found = [pid];
  for (const one of found) for (const [child, parent] of parents) if (parent === one) found.push(child);
  return found;
}

/** CPU seconds, user and system, of all threads of a process and its children since they started. */
export function cpuSeconds(pid: number): number {
  return family(pid).reduce((sum, one) => sum + (stat(one)?.ticks ?? 0), 0) / TICKS;
}

/** Resident memory in MB of a process and its children: now, and the sum of the highest that each ever was. */
export function memory(pid: number): { readonly now: number; readonly peak: number } {
  const statuses = family(pid).map(status);
  const megabytes = (key: string) =>
    statuses.reduce((sum, text) => sum + Number(new RegExp(`^${key}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? 0), 0) /
    1024;
  return { now: megabytes("VmRSS"), peak: megabytes("VmHWM") };
}

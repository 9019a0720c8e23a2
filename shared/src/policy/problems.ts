import type { Problem } from "./types.ts";

/** A bundle cannot be used: nothing is decided by a part of it. Its message lists every problem. */
export class BundleRefused extends Error {
  override readonly name = "BundleRefused";
  readonly problems: readonly Problem[];
  constructor(problems: readonly Problem[]) {
    super(problems.map(problemLine).join("\n"));
    this.problems = problems;
  }
}

/** `file:line: message`; the line is left out where the whole file is meant. */
export function problemLine({ file, line, message }: Problem): string {
  return line === 0 ? `${file}: ${message}` : `${file}:${line}: ${message}`;
}

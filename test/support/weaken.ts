// A gateway with a weakness: `weakness` gives the options of Node by which one line of its source is another, in its own process and in the
// one that analyses. Loaded into the gateway, this file puts the other line in its place.
import { registerHooks } from "node:module";
import { pathToFileURL } from "node:url";

export interface Weakness {
  /** What is weak. */
  readonly name: string;
  /** End of the path of the file. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

export function weakness({ file, from, to }: Weakness): readonly string[] {
  const url = pathToFileURL(import.meta.filename);
  url.search = new URLSearchParams({ file, from, to }).toString();
  return ["--import", url.href];
}

const given = new URL(import.meta.url).searchParams;
const file = given.get("file");
if (file !== null) {
  const options = `execArgv: ["--import", ${JSON.stringify(import.meta.url)},`;
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context);
      if (url.endsWith("/adapters/analysis-process.ts")) return replaced(loaded, "execArgv: [", options);
      return url.endsWith(file) ? replaced(loaded, given.get("from") ?? "", given.get("to") ?? "") : loaded;
    },
  });
}

function replaced<T extends { source?: unknown }>(loaded: T, from: string, to: string): T {
  const source = loaded.source instanceof Uint8Array ? Buffer.from(loaded.source).toString() : String(loaded.source);
  if (source.split(from).length !== 2)
    throw new Error(`what should be weakened is not there, or more than once: ${from}`);
  return { ...loaded, source: source.replace(from, () => to) };
}

// The command line's only look at its environment.
import { resolve } from "node:path";

/** Where the local home keeps everything; POSTERN_STATE overrides it. */
export function stateDirectory(): string {
  return resolve(process.env.POSTERN_STATE ?? ".postern");
}

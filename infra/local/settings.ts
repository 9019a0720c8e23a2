// The local home's only look at its environment.
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const PROJECT = fileURLToPath(new URL("../../", import.meta.url));

/** Where the local home keeps everything: POSTERN_STATE, or `.postern` in the project. */
export function stateDirectory(): string {
  const { POSTERN_STATE: named } = process.env;
  return named === undefined || named === "" ? resolve(PROJECT, ".postern") : resolve(named);
}

/** The environment of a program that the home starts. */
export function childEnvironment(more: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return { ...process.env, ...more };
}

// The local home that this command talks to, as its run.json says.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { type HomeIdentity, type RunFile, runFileSchema } from "#shared/home.ts";
import { Problem } from "./problem.ts";
import { stateDirectory } from "./settings.ts";

export interface Home extends RunFile {
  readonly state: string;
  /** PEM of the authority that signed the certificates of gateway and issuer. */
  readonly authority: string;
}

const START_IT = "Start it with `npm start` in the project; POSTERN_STATE names another state directory.";

/** @throws Problem when no home runs */
export function openHome(): Home {
  const state = stateDirectory();
  let run: RunFile;
  try {
    run = runFileSchema.parse(JSON.parse(readFileSync(join(state, "run.json"), "utf8")));
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new Problem(missing ? `nothing runs in ${state}` : `${join(state, "run.json")} cannot be read`, 3, START_IT);
  }
  const authority = readFileSync(run.ca, "utf8");
  // For this process, its issuer is to be trusted like any other.
  setDefaultCACertificates([...getCACertificates("default"), authority]);
  return { ...run, state, authority };
}

/** @throws Problem when there is nobody of this name */
export function identityOf(home: Home, name: string): HomeIdentity {
  const found = home.identities.find((one) => one.name === name);
  if (found !== undefined) return found;
  const names = home.identities.map((one) => one.name).join(", ");
  throw new Problem(`there is no demo identity "${name}"`, 2, `There are: ${names}.`);
}

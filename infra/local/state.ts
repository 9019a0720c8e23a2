// Where the local home keeps what.
import { mkdirSync } from "node:fs";
import { join } from "node:path";

export interface State {
  readonly root: string;
  readonly pg: string;
  readonly keys: string;
  readonly credentials: string;
  readonly log: string;
  /** The proxy's configuration. */
  readonly proxyConfig: string;
  /** Addresses and process numbers of what runs now. */
  readonly run: string;
}

/** Makes the folders that are the home's own; the gateway makes its own. */
export function openState(root: string): State {
  const at = (name: string) => join(root, name);
  for (const name of ["keys", "credentials"]) mkdirSync(at(name), { recursive: true, mode: 0o700 });
  mkdirSync(at("log"), { recursive: true });
  return {
    root,
    pg: at("pg"),
    keys: at("keys"),
    credentials: at("credentials"),
    log: at("log"),
    proxyConfig: at("proxy.json"),
    run: at("run.json"),
  };
}

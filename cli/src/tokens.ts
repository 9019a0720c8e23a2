// Tokens for the identities of a home: fetched when needed, kept until shortly before they expire.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { HomeIdentity } from "#shared/home.ts";
import { type Home, identityOf } from "./home.ts";
import { signInAs } from "./oauth/code-flow.ts";
import type { Granted } from "./oauth/http.ts";
import { clientCredentials, exchange } from "./oauth/machines.ts";
import { Problem } from "./problem.ts";

/** A token that is about to expire is of no use to a client that connects in a moment. */
const SPARE_SECONDS = 60;

interface Kept extends Granted {
  readonly issuer: string;
}

const folderOf = (home: Home) => join(home.state, "tokens");

function read(home: Home, name: string): string | null {
  try {
    const kept = JSON.parse(readFileSync(join(folderOf(home), `${name}.json`), "utf8")) as Kept;
    const usable = kept.issuer === home.issuer && kept.expiresAt - SPARE_SECONDS > Date.now() / 1000;
    return usable ? kept.token : null;
  } catch {
    return null;
  }
}

/** Keeps a token for its owner alone; a folder that cannot be written only means that the next command asks again. */
export function keepToken(home: Home, name: string, granted: Granted): void {
  try {
    mkdirSync(folderOf(home), { recursive: true, mode: 0o700 });
    writeFileSync(join(folderOf(home), `${name}.json`), JSON.stringify({ ...granted, issuer: home.issuer }), {
      mode: 0o600,
    });
  } catch (error) {
    if (!["EACCES", "EROFS"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}

function secretOf(home: Home, name: string): string {
  try {
    return readFileSync(join(home.state, "credentials", name), "utf8").trimEnd();
  } catch {
    throw new Problem(`the secret of ${name} cannot be read`, 1, `Only who owns ${home.state} may act as ${name}.`);
  }
}

async function obtain(home: Home, { name, kind, actsFor }: HomeIdentity): Promise<Granted> {
  if (kind === "person") return signInAs(home, name);
  const secret = secretOf(home, name);
  if (kind === "workload") return clientCredentials(home.issuer, name, secret, home.scope);
  return exchange(home.issuer, name, secret, await tokenFor(home, actsFor ?? ""));
}

/** @throws Problem */
export async function tokenFor(home: Home, name: string): Promise<string> {
  const identity = identityOf(home, name);
  const kept = read(home, name);
  if (kept !== null) return kept;
  const granted = await obtain(home, identity);
  keepToken(home, name, granted);
  return granted.token;
}

const currentFile = (home: Home) => join(folderOf(home), "current");

/** Who `postern login` signed in last. @throws Problem when nobody is named and nobody signed in */
export function whoAsks(home: Home, as: string | undefined): string {
  if (as !== undefined) return identityOf(home, as).name;
  try {
    return readFileSync(currentFile(home), "utf8");
  } catch {
    const names = home.identities.map((one) => one.name).join(", ");
    throw new Problem("nobody is signed in", 2, `Say who with --as (${names}), or use \`postern login\`.`);
  }
}

export function rememberWho(home: Home, name: string): void {
  writeFileSync(currentFile(home), name);
}

/** What a token says of itself; not verified: that is the gateway's part. */
export function claimsIn(token: string): Readonly<Record<string, unknown>> {
  return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
}

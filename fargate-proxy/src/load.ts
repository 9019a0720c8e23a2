// What has to be right before anything listens: the policy bundle, certificates, authorities.
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { canBeMet, parseWitnessPolicy, type WitnessPolicy } from "#shared/evidence/witness-policy.ts";
import type { LoadedBundle } from "#shared/policy/bundle.ts";
import { BundleRefused, problemLine } from "#shared/policy/problems.ts";
import { readTlsSecret, SecretUnreadable } from "./adapters/aws-secrets.ts";
import { StartRefused } from "./adapters/home.ts";
import { nodeSha256 } from "./adapters/node-crypto.ts";
import { loadPolicyFolder } from "./adapters/policy-folder.ts";
import { createTlsAcceptor } from "./adapters/socket.ts";
import type { Config } from "./config.ts";
import type { TlsAcceptor } from "./ports/network.ts";

export interface Loaded {
  readonly bundle: LoadedBundle;
  readonly tls: TlsAcceptor | null;
  /** Null when there are none. */
  readonly witnesses: WitnessPolicy | null;
  /** PEM by the issuer's name, and by the target's. */
  readonly issuerCas: ReadonlyMap<string, string>;
  readonly authorities: ReadonlyMap<string, string>;
}

/** Reads all that has to be right before anything listens. @throws StartRefused with every problem */
export async function load(config: Config): Promise<Loaded> {
  const problems: string[] = [];
  const read = (path: string, what: string): string => {
    try {
      return readFileSync(path, "utf8");
    } catch (error) {
      problems.push(`${what}: ${path} cannot be read (${(error as NodeJS.ErrnoException).code})`);
      return "";
    }
  };
  const bundle = await loadPolicyFolder(config.policy, config.targets).catch((error: unknown) => {
    if (error instanceof BundleRefused)
      problems.push(...error.problems.map((p) => problemLine({ ...p, file: join(config.policy, p.file) })));
    else problems.push(`policy: ${config.policy}: ${(error as Error).message}`);
    return null;
  });
  const issuerCas = new Map<string, string>();
  for (const { issuer, caFile } of config.issuers)
    if (caFile !== undefined) issuerCas.set(issuer, read(caFile, `issuer ${issuer}`));
  const authorities = new Map<string, string>();
  for (const { name, tls } of bundle?.targets.values() ?? [])
    if (tls.caFile !== undefined) authorities.set(name, read(resolve(config.state, tls.caFile), `target ${name}`));
  for (const name of config.comprehendMedical?.targets ?? [])
    if (bundle !== null && !bundle.targets.has(name)) problems.push(`comprehendMedical: there is no target ${name}`);
  const witnesses = config.witnesses === undefined ? null : readWitnesses(config.witnesses, read, problems);
  const tls = await acceptor(config, read, problems);
  if (bundle === null || problems.length > 0) throw new StartRefused(problems);
  return { bundle, tls, issuerCas, authorities, witnesses };
}

function readWitnesses(
  path: string,
  read: (path: string, what: string) => string,
  problems: string[],
): WitnessPolicy | null {
  const before = problems.length;
  const text = read(path, "witnesses");
  if (problems.length > before) return null;
  try {
    const policy = parseWitnessPolicy(text, nodeSha256);
    if (!canBeMet(policy)) problems.push(`witnesses: ${path}: too few have an address: the quorum cannot be met`);
    return policy;
  } catch (error) {
    problems.push(`witnesses: ${path}: ${(error as Error).message}`);
    return null;
  }
}

async function acceptor(
  { tls }: Config,
  read: (path: string, what: string) => string,
  problems: string[],
): Promise<TlsAcceptor | null> {
  if (tls === null) return null;
  try {
    if (!("secret" in tls)) {
      const pem = { cert: read(tls.cert, "tls.cert"), key: read(tls.key, "tls.key") };
      return pem.cert === "" || pem.key === "" ? null : createTlsAcceptor(pem);
    }
    return createTlsAcceptor(await readTlsSecret(tls.secret));
  } catch (error) {
    const where = "secret" in tls ? tls.secret : `${tls.cert} and ${tls.key}`;
    const why =
      error instanceof SecretUnreadable ? `cannot be read (${error.message})` : "are not a certificate and its key";
    problems.push(`tls: ${where} ${why}`);
    return null;
  }
}

// A certificate authority of this home alone, and the certificates it gives to what listens on loopback. Kept, so that clients that
// trust it go on doing so.
import { X509Certificate } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generate } from "selfsigned";

export interface Pem {
  readonly cert: string;
  readonly key: string;
}

export interface Certificates {
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  /** For PostgreSQL, which reads them as another user. */
  readonly postgres: Pem;
}

const DAY = 86_400_000;
const RENEW_BEFORE = 30 * DAY;

/** The pair that is kept under this name; a new one if there is none, it ends soon, or somebody else signed it. */
async function kept(folder: string, name: string, signer: Pem | null, make: () => Promise<Pem>): Promise<Pem> {
  const [certFile, keyFile] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)];
  if (existsSync(certFile) && existsSync(keyFile)) {
    const cert = readFileSync(certFile, "utf8");
    const parsed = new X509Certificate(cert);
    const signed = parsed.verify(new X509Certificate(signer?.cert ?? cert).publicKey);
    if (signed && parsed.validToDate.getTime() - Date.now() > RENEW_BEFORE)
      return { cert, key: readFileSync(keyFile, "utf8") };
  }
  const made = await make();
  writeFileSync(keyFile, made.key, { mode: 0o600 });
  writeFileSync(certFile, made.cert);
  return made;
}

async function authority(): Promise<Pem> {
  const made = await generate([{ name: "commonName", value: "Postern local CA (demonstration)" }], {
    keyType: "ec",
    algorithm: "sha256",
    notAfterDate: new Date(Date.now() + 3650 * DAY),
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  return { cert: made.cert, key: made.private };
}

async function leaf(ca: Pem, commonName: string): Promise<Pem> {
  const made = await generate([{ name: "commonName", value: commonName }], {
    keyType: "ec",
    algorithm: "sha256",
    notAfterDate: new Date(Date.now() + 397 * DAY),
    ca,
    extensions: [
      { name: "basicConstraints", cA: false, critical: true },
      { name: "keyUsage", digitalSignature: true, critical: true },
      { name: "extKeyUsage", serverAuth: true },
      {
        name: "subjectAltName",
        altNames: [
          { type: 2, value: "localhost" },
          { type: 7, ip: "127.0.0.1" },
          { type: 7, ip: "::1" },
        ],
      },
    ],
  });
  return { cert: made.cert, key: made.private };
}

/** @param folder where keys are kept, readable by nobody else */
export async function ensureCertificates(folder: string): Promise<Certificates> {
  const ca = await kept(folder, "tls-ca", null, authority);
  await kept(folder, "tls", ca, () => leaf(ca, "localhost"));
  const postgres = await kept(folder, "postgres", ca, () => leaf(ca, "localhost"));
  const at = (name: string) => join(folder, name);
  return { caFile: at("tls-ca.pem"), certFile: at("tls.pem"), keyFile: at("tls.key"), postgres };
}

// Signs the ledger with an Ed25519 key in a file. Who has the file can sign: good for one's own machine; the product signs with KMS.
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type VerifierKey, verifierKey } from "#shared/evidence/checkpoint.ts";
import type { SignerPort } from "#shared/evidence/ports.ts";
import { nodeSha256 } from "./node-crypto.ts";

const ORIGIN = "postern.local/ledger";

/** Opens the ledger's key in a folder of keys, and makes it when there is none. */
export async function openLocalSigner(folder: string): Promise<SignerPort> {
  const key = (await readKey(join(folder, "ledger.key"))) ?? (await makeKey(folder));
  const publicKey = rawPublicKey(key);
  return {
    name: ORIGIN,
    publicKey,
    verifierKey: verifierKey(ORIGIN, publicKey, nodeSha256),
    sign: (message) => Promise.resolve(sign(null, message, key)),
  };
}

/** The public half, for whoever verifies. @throws when there is no ledger here */
export async function readVerifierKey(folder: string): Promise<VerifierKey> {
  return (await readFile(join(folder, "ledger.pub"), "utf8")).trim();
}

async function readKey(path: string): Promise<KeyObject | null> {
  try {
    return createPrivateKey(await readFile(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

async function makeKey(folder: string): Promise<KeyObject> {
  const { privateKey } = generateKeyPairSync("ed25519");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // The public half first: a key without it would sign what nobody can verify.
  await writeFile(join(folder, "ledger.pub"), `${verifierKey(ORIGIN, rawPublicKey(privateKey), nodeSha256)}\n`);
  const pem = privateKey.export({ type: "pkcs8", format: "pem" });
  await writeFile(join(folder, "ledger.key"), pem, { mode: 0o600, flag: "wx", flush: true });
  return privateKey;
}

function rawPublicKey(privateKey: KeyObject): Uint8Array {
  const { x } = createPublicKey(privateKey).export({ format: "jwk" });
  return Buffer.from(x ?? "", "base64url");
}

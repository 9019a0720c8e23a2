// Bytes sealed to the holder of a key, with HPKE (RFC 9180, base mode): DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM.
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from "@hpke/core";

const suite = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });
/** Of the encapsulated key, which stands before the ciphertext. */
const ENC = 32;

/** Both halves raw, 32 bytes each. */
export interface HpkePair {
  readonly secret: Uint8Array;
  readonly open: Uint8Array;
}

export async function hpkePair(): Promise<HpkePair> {
  const { privateKey, publicKey } = await suite.kem.generateKeyPair();
  return {
    secret: new Uint8Array(await suite.kem.serializePrivateKey(privateKey)),
    open: new Uint8Array(await suite.kem.serializePublicKey(publicKey)),
  };
}

/** @param info what it is for: it opens for nothing else. @throws when `publicKey` is none */
export async function hpkeSeal(publicKey: Uint8Array, info: string, bytes: Uint8Array): Promise<Uint8Array> {
  const recipientPublicKey = await suite.kem.deserializePublicKey(bufferOf(publicKey));
  const { enc, ct } = await suite.seal({ recipientPublicKey, info: Buffer.from(info) }, bytes);
  return Buffer.concat([Buffer.from(enc), Buffer.from(ct)]);
}

/** @throws when it was sealed to another key, or for something else */
export async function hpkeOpen(secret: Uint8Array, info: string, sealed: Uint8Array): Promise<Uint8Array> {
  const recipientKey = await suite.kem.deserializePrivateKey(bufferOf(secret));
  const parameters = { recipientKey, enc: sealed.slice(0, ENC), info: Buffer.from(info) };
  return new Uint8Array(await suite.open(parameters, sealed.slice(ENC)));
}

const bufferOf = (bytes: Uint8Array): ArrayBuffer => Uint8Array.from(bytes).buffer;

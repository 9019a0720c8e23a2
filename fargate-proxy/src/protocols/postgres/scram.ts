// SCRAM-SHA-256 and SCRAM-SHA-256-PLUS, the client's side (RFC 5802, RFC 7677), with `tls-server-end-point` (RFC 5929 section 4).
import { createHash, createHmac, pbkdf2, timingSafeEqual, type X509Certificate } from "node:crypto";
import { promisify } from "node:util";

const derive = promisify(pbkdf2);
/** RFC 7677 section 4 asks for 4096 at least; the upper bound is so that a target cannot keep the gateway busy. */
const FEWEST_ROUNDS = 4096;
const MOST_ROUNDS = 1_000_000;

export class ScramError extends Error {}

export interface ScramExchange {
  readonly mechanism: "SCRAM-SHA-256" | "SCRAM-SHA-256-PLUS";
  /** client-first-message */
  readonly first: string;
  /** @returns client-final-message. @throws ScramError */
  answer(serverFirst: string): Promise<string>;
  /** @throws ScramError when the server does not prove that it knows the password too */
  verify(serverFinal: string): void;
}

/**
 * @param offered the server's mechanisms
 * @param certificate the server's, when there is TLS: then the login is bound to it if the server can
 * @param nonce printable, no comma
 * @throws ScramError when no mechanism fits
 */
export function startScram(
  offered: readonly string[],
  password: string,
  certificate: X509Certificate | null,
  nonce: string,
): ScramExchange {
  const binding = certificate !== null && offered.includes("SCRAM-SHA-256-PLUS") ? endPoint(certificate) : null;
  if (binding === null && !offered.includes("SCRAM-SHA-256")) throw new ScramError("no SCRAM mechanism is offered");
  // `y`: we could have bound the channel, the server did not offer it; it finds out when somebody took the offer away on the way.
  const header = binding !== null ? "p=tls-server-end-point,," : certificate !== null ? "y,," : "n,,";
  const bare = `n=,r=${nonce}`;
  let proof: Buffer | null = null;
  return {
    mechanism: binding !== null ? "SCRAM-SHA-256-PLUS" : "SCRAM-SHA-256",
    first: header + bare,
    async answer(serverFirst) {
      const { salt, rounds, fullNonce } = readServerFirst(serverFirst, nonce);
      const bound = Buffer.concat([Buffer.from(header), binding ?? Buffer.alloc(0)]).toString("base64");
      const final = `c=${bound},r=${fullNonce}`;
      const salted = await derive(prepare(password), salt, rounds, 32, "sha256");
      const clientKey = hmac(salted, "Client Key");
      const auth = `${bare},${serverFirst},${final}`;
      const signature = hmac(createHash("sha256").update(clientKey).digest(), auth);
      proof = hmac(hmac(salted, "Server Key"), auth);
      return `${final},p=${Buffer.from(clientKey.map((byte, i) => byte ^ (signature[i] as number))).toString("base64")}`;
    },
    verify(serverFinal) {
      const given = /^v=([A-Za-z0-9+/]+=*)/.exec(serverFinal)?.[1];
      const signature = Buffer.from(given ?? "", "base64");
      if (proof === null || signature.length !== proof.length || !timingSafeEqual(signature, proof))
        throw new ScramError("the target does not know the credential it checks");
    },
  };
}

function readServerFirst(text: string, nonce: string): { salt: Buffer; rounds: number; fullNonce: string } {
  const match = /^r=([\x21-\x2b\x2d-\x7e]+),s=([A-Za-z0-9+/]+=*),i=([1-9]\d{0,8})$/.exec(text);
  if (match === null) throw new ScramError("the target's SCRAM message is malformed");
  const [, fullNonce = "", salt = "", rounds = ""] = match;
  if (!fullNonce.startsWith(nonce) || fullNonce.length === nonce.length)
    throw new ScramError("the target's SCRAM nonce is not new");
  if (Number(rounds) < FEWEST_ROUNDS || Number(rounds) > MOST_ROUNDS)
    throw new ScramError(`the target's SCRAM iteration count is not between ${FEWEST_ROUNDS} and ${MOST_ROUNDS}`);
  return { salt: Buffer.from(salt, "base64"), rounds: Number(rounds), fullNonce };
}

/** The hash of the certificate, by the hash of its own signature; MD5 and SHA-1 are replaced by SHA-256 (RFC 5929 section 4.1). */
function endPoint(certificate: X509Certificate): Buffer | null {
  const name = /sha-?(256|384|512|224|1)|md5/i.exec(certificate.signatureAlgorithm ?? "");
  // Without a hash of its own (Ed25519) the binding is undefined: the login goes on unbound.
  if (name === null) return null;
  const bits = name[1] === undefined || name[1] === "1" ? "256" : name[1];
  return createHash(`sha${bits}`).update(certificate.raw).digest();
}

/** SASLprep (RFC 4013) without its prohibitions: as the server, which takes the password as it is when they are violated. */
function prepare(password: string): string {
  return password
    .replace(/[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/g, " ")
    .replace(/\u00ad|\u034f|\u1806|[\u180b-\u180d]|\u200c|\u200d|\u2060|[\ufe00-\ufe0f]|\ufeff/g, "")
    .normalize("NFKC");
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

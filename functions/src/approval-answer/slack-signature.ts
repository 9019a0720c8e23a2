// Slack's request signature: version v0, HMAC-SHA256 of `v0:timestamp:body` (docs.slack.dev/authentication/verifying-requests-from-slack).
import { createHmac, timingSafeEqual } from "node:crypto";

/** Slack's advice: what is older than five minutes may be a replay. The same holds for what is from the future. */
export const WINDOW_SECONDS = 300;

export type SignatureProblem = "unsigned" | "stale" | "forged";

/**
 * @param body the bytes as they came
 * @param now milliseconds since the epoch
 * @returns null when Slack signed exactly this, and just now
 */
export function signatureProblem(
  secret: string,
  headers: { readonly timestamp: string | undefined; readonly signature: string | undefined },
  body: Uint8Array,
  now: number,
): SignatureProblem | null {
  const { timestamp, signature } = headers;
  if (secret === "" || timestamp === undefined || signature === undefined) return "unsigned";
  if (!/^[0-9]{1,12}$/.test(timestamp)) return "forged";
  const expected = createHmac("sha256", secret).update(`v0:${timestamp}:`).update(body).digest("hex");
  const given = Buffer.from(signature);
  const wanted = Buffer.from(`v0=${expected}`);
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return "forged";
  return Math.abs(now / 1000 - Number(timestamp)) > WINDOW_SECONDS ? "stale" : null;
}

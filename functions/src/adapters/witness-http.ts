// Witnesses over HTTP. What they answer is a line or two: nobody waits long for it, or reads on without end.
import type { AskWitness } from "#shared/evidence/cosign.ts";

const PATIENCE_MS = 5000;
const MOST_BYTES = 65_536;

export const askWitness: AskWitness = async (url, body) => {
  const response = await fetch(`${url}/add-checkpoint`, {
    method: "POST",
    headers: { "content-type": "text/plain; charset=utf-8" },
    body,
    redirect: "error",
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  return { status: response.status, body: await start(response) };
};

async function start(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new Error("the answer is too long");
  }
  return Buffer.concat(chunks).toString("utf8");
}

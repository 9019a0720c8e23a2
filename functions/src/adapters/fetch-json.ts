// Slack and the directory over HTTPS. An answer that does not come in time is none.

const PATIENCE_MS = 2500;

/** @returns the JSON of a 2xx answer; null for another. Rejects when nobody answers. */
export async function getJson(url: string, headers: Readonly<Record<string, string>>): Promise<unknown> {
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(PATIENCE_MS), redirect: "error" });
  return response.ok ? response.json() : null;
}

/** The same, with a body. */
export async function postJson(url: string, headers: Readonly<Record<string, string>>, body: object): Promise<unknown> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json; charset=utf-8", ...headers },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(PATIENCE_MS),
    redirect: "error",
  });
  if (!response.ok) return null;
  const text = await response.text();
  return text.startsWith("{") ? JSON.parse(text) : text;
}

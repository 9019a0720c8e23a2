// Requests to the issuer.
import { Problem } from "../problem.ts";

export interface Metadata {
  readonly authorization_endpoint: string;
  readonly token_endpoint: string;
  readonly device_authorization_endpoint: string;
}

export interface Granted {
  readonly token: string;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
}

/** An answer that says no (RFC 6749 section 5.2). */
export class OauthError extends Problem {
  readonly code: string;
  constructor(code: string, description: string | undefined) {
    super(`the issuer refused: ${description ?? code}`, 1);
    this.code = code;
  }
}

export async function request(url: string, init: RequestInit = {}): Promise<Response> {
  try {
    return await fetch(url, { redirect: "manual", ...init });
  } catch (error) {
    const cause = (error as Error).cause as NodeJS.ErrnoException | undefined;
    throw new Problem(`${new URL(url).origin} cannot be reached (${cause?.code ?? cause?.message ?? "no answer"})`, 3);
  }
}

export async function discover(issuer: string): Promise<Metadata> {
  const answer = await request(`${issuer}/.well-known/openid-configuration`);
  const metadata = (await answer.json()) as Metadata & { readonly issuer: string };
  if (metadata.issuer !== issuer) throw new Problem(`${issuer} calls itself ${metadata.issuer}`, 3);
  return metadata;
}

/** Posts a form and reads the JSON answer. @throws OauthError */
export async function post<T>(
  url: string,
  form: Record<string, string>,
  secret?: { id: string; secret: string },
): Promise<T> {
  const headers: Record<string, string> = {};
  if (secret !== undefined)
    headers.authorization = `Basic ${btoa(`${encodeURIComponent(secret.id)}:${encodeURIComponent(secret.secret)}`)}`;
  const answer = await request(url, { method: "POST", headers, body: new URLSearchParams(form) });
  const body = (await answer.json()) as T & { readonly error?: string; readonly error_description?: string };
  if (!answer.ok) throw new OauthError(body.error ?? String(answer.status), body.error_description);
  return body;
}

/** @throws OauthError */
export async function requestToken(
  metadata: Metadata,
  form: Record<string, string>,
  secret?: { id: string; secret: string },
): Promise<Granted> {
  const answer = await post<{ access_token: string; expires_in: number }>(metadata.token_endpoint, form, secret);
  return { token: answer.access_token, expiresAt: Math.floor(Date.now() / 1000) + answer.expires_in };
}

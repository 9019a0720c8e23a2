// Requests and responses as an HTTP API of API Gateway gives and takes them (payload format 2.0). The local home speaks the same.
import { z } from "zod";

export const httpEvent = z.looseObject({
  rawPath: z.string(),
  headers: z.record(z.string(), z.string()),
  requestContext: z.looseObject({ http: z.looseObject({ method: z.string(), sourceIp: z.string().optional() }) }),
  body: z.string().optional(),
  isBase64Encoded: z.boolean(),
});
export type HttpEvent = z.infer<typeof httpEvent>;

export interface HttpResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export function bytesOf({ body, isBase64Encoded }: HttpEvent): Uint8Array {
  return Buffer.from(body ?? "", isBase64Encoded ? "base64" : "utf8");
}

/** Header names are not case sensitive. */
export function header({ headers }: HttpEvent, name: string): string | undefined {
  return Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
}

const SAFE = { "cache-control": "no-store", "x-content-type-options": "nosniff", "referrer-policy": "no-referrer" };

export function json(statusCode: number, value: unknown): HttpResponse {
  return { statusCode, headers: { ...SAFE, "content-type": "application/json" }, body: JSON.stringify(value) };
}

/** A page without scripts, forms and links: nothing on it can decide anything. */
export function page(statusCode: number, title: string, text: string): HttpResponse {
  const headers = {
    ...SAFE,
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": "default-src 'none'",
  };
  const body = `<!doctype html><html lang="en"><title>${title}</title><h1>${title}</h1><p>${text}</p></html>`;
  return { statusCode, headers, body };
}

/** 200 and nothing, as Slack wants it for what has been taken. */
export const TAKEN: HttpResponse = { statusCode: 200, headers: SAFE, body: "" };

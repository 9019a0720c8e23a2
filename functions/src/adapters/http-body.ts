// The body of a request, as JSON of a shape.
import type { z } from "zod";
import { bytesOf, type HttpEvent, type HttpResponse, json } from "./http-api.ts";

export async function reading<T>(
  event: HttpEvent,
  schema: z.ZodType<T>,
  then: (body: T) => Promise<HttpResponse>,
): Promise<HttpResponse> {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytesOf(event)).toString("utf8"));
  } catch {
    return json(400, { refused: "the body is no JSON" });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return then(parsed.data);
  return json(400, { refused: `not as expected: ${parsed.error.issues.map((i) => i.path.join(".")).join(", ")}` });
}

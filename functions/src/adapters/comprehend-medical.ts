// Amazon Comprehend Medical, DetectPHI. Region, credentials and retries are the SDK's own, by its usual environment variables.
import { ComprehendMedicalClient, DetectPHICommand } from "@aws-sdk/client-comprehendmedical";
import { z } from "zod";
import type { Found, NotInspected } from "#shared/masking/inspection.ts";

/** Places are in code points. */
export interface Entity extends Found {
  /** The words themselves, when the service repeats them. */
  readonly text?: string | undefined;
}

/** What is found in a text of fewer than 20,000 bytes, or why it was not looked at. Never rejects. */
export type DetectPhi = (text: string, signal: AbortSignal) => Promise<readonly Entity[] | NotInspected>;

/** Offsets count Unicode code points from 0, the end not included (API reference, Entity). */
const answerSchema = z.object({
  Entities: z.array(
    z.object({
      BeginOffset: z.int(),
      EndOffset: z.int(),
      Type: z.string().optional(),
      Text: z.string().optional(),
    }),
  ),
  /** The answer would go on: there is no way to ask for the rest. */
  PaginationToken: z.undefined().optional(),
});

export function detectPhi(): DetectPhi {
  const client = new ComprehendMedicalClient();
  return async (text, signal) => {
    const command = new DetectPHICommand({ Text: text });
    const answer = await client.send(command, { abortSignal: signal }).catch(reasonOf);
    if (typeof answer === "string") return signal.aborted ? "time-out" : answer;
    const { data } = answerSchema.safeParse(answer);
    if (data === undefined) return "malformed";
    return data.Entities.map(({ BeginOffset, EndOffset, Type, Text }) => ({
      start: BeginOffset,
      end: EndOffset,
      type: Type !== undefined && /^[A-Z_]{1,20}$/.test(Type) ? Type : "PHI",
      text: Text,
    }));
  };
}

function reasonOf(error: {
  readonly name?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}): NotInspected {
  const status = error.$metadata?.httpStatusCode ?? 0;
  if (error.name === "TooManyRequestsException" || error.name === "ThrottlingException" || status === 429)
    return "throttled";
  if (error.name === "TimeoutError") return "time-out";
  if (status >= 500) return "unavailable";
  if (error.name === "SyntaxError" || (status >= 200 && status < 300)) return "malformed";
  return status >= 400 ? "refused" : "unavailable";
}

import { detectPhi } from "#functions/adapters/comprehend-medical.ts";
import { detectPhiHandler } from "#functions/detect-phi/handler.ts";
import type { InspectorPort } from "../ports/inspector.ts";
import { inspector } from "./inspector.ts";

/** The handler of the Lambda, called in process: it asks Amazon Comprehend Medical with the credentials of this machine. */
export function localInspector(timeoutMillis: number): InspectorPort {
  const handler = detectPhiHandler(detectPhi);
  return inspector((event) => handler(event), timeoutMillis);
}

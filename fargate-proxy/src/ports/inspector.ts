// Free text is looked at by somebody else, too, where a target is configured so.
import type { Inspected } from "#shared/masking/inspection.ts";

export interface InspectorPort {
  /** One answer for each text, in their order, within a bounded time. Never rejects: what could not be had is said to have failed. */
  inspect(texts: readonly string[]): Promise<readonly Inspected[]>;
}

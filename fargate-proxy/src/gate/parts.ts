// What the gate is made of: ports and pure values, put together once by main.ts.
import type { Sha256 } from "#shared/evidence/digest.ts";
import type { Approvals } from "#shared/policy/approvals-file.ts";
import type { Bundle } from "#shared/policy/types.ts";
import type { AnalysisPort } from "../ports/analysis.ts";
import type { ApprovalPort } from "../ports/approvals.ts";
import type { Clock } from "../ports/clock.ts";
import type { CredentialPort } from "../ports/credentials.ts";
import type { DecisionPort } from "../ports/decisions.ts";
import type { EstimatePort } from "../ports/estimates.ts";
import type { EvidencePort } from "../ports/evidence.ts";
import type { PlacesPort } from "../ports/fleet.ts";
import type { IdentityPort } from "../ports/identity.ts";
import type { InspectorPort } from "../ports/inspector.ts";
import type { Meter } from "../ports/meter.ts";
import type { SideEncoder } from "../protocol.ts";

/** `bundle`, `decisions` and the rules of approvals change together when another policy comes into force: whoever needs two of them reads them at once. */
export interface GateParts {
  readonly clock: Clock;
  readonly bundle: Bundle;
  readonly identity: IdentityPort;
  readonly decisions: DecisionPort;
  /** `rules` is null when the bundle names nobody who could approve anything. */
  readonly approvals: { readonly port: ApprovalPort; readonly rules: Approvals | null };
  readonly analysis: AnalysisPort;
  readonly evidence: EvidencePort;
  readonly credentials: CredentialPort;
  readonly meter: Meter;
  /** A new session id: unique, sortable by time, safe in a file name. */
  newId(): string;
  readonly estimates: EstimatePort;
  /** Who looks at the free text of results, too, and at which targets. */
  readonly inspection: { readonly inspector: InspectorPort; readonly targets: ReadonlySet<string> } | null;
  readonly sha256: Sha256;
  /** Keyed HMAC for pseudonyms, and which key it is with; the key never leaves the gateway. */
  readonly pseudonyms: { readonly version: number; hmac(message: Uint8Array): Uint8Array };
  /** The same for the subjects of disclosures, with a key of its own. */
  readonly subjects: { readonly version: number; hmac(message: Uint8Array): Uint8Array };
  /** Per protocol: are these bytes only frames that carry no command? */
  readonly inert: Readonly<Record<string, (bytes: Uint8Array) => boolean>>;
  /** Per protocol: statements of the gateway's own, as they go to the target. */
  readonly sides: Readonly<Record<string, SideEncoder>>;
  /** Sessions of all gateways together; left out where there is one. */
  readonly places?: PlacesPort;
  /** Sessions of all principals and targets together. */
  readonly maxSessions: number;
}

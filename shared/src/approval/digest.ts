// What people agree to: one command, as the target would understand it. Two commands have the same digest when nothing that could make
// them do different things differs; whatever differs, be it one byte, asks again.
import { canonical, type Json } from "../evidence/canonical.ts";
import { type Sha256, toBase64 } from "../evidence/digest.ts";
import type { Facts } from "../facts.ts";
import type { Principal } from "../identity.ts";

/** Values of the extended protocol; a simple query has none. */
export interface BoundValues {
  /** pg_type.oid of each parameter as Parse declared it, 0 or missing where the target infers it. */
  readonly types: readonly number[];
  /** Formats as Bind sent them: none is all text, one holds for all. */
  readonly formats: readonly number[];
  /** The bytes of each value; null for NULL. */
  readonly values: readonly (Uint8Array | null)[];
}

export interface ApprovedCommand {
  readonly target: string;
  readonly principal: Principal;
  /** The whole command string, byte for byte (it is valid UTF-8). */
  readonly text: string;
  readonly bound: BoundValues | null;
  readonly searchPath: readonly string[];
  /** The role that the target runs it as. */
  readonly role: string;
  /** Settings that decide what a statement means, as the target reported them or the session set them. */
  readonly settings: Readonly<Record<string, string>>;
  /** Definitions of all that it touches (objects.ts). */
  readonly objects: Json;
  /** Asked for because it changes more rows than this, not because policy holds it: the one approval is not the other. */
  readonly beyond?: number | undefined;
}

/** Hex SHA-256 of the command's canonical form. */
export function commandDigest(command: ApprovedCommand, sha256: Sha256): string {
  const { target, principal, text, bound, searchPath, role, settings, objects, beyond } = command;
  const form = {
    v: 1,
    target,
    principal: askerOf(principal),
    text,
    bound:
      bound === null
        ? null
        : {
            types: bound.types,
            formats: bound.formats,
            values: bound.values.map((value) => (value === null ? null : toBase64(value))),
          },
    searchPath,
    role,
    settings,
    objects,
    ...(beyond === undefined ? {} : { beyond }),
  };
  return sha256.text(canonical(form), "hex");
}

/**
 * Equal for commands of one asker at one target that do the same things to the same objects, whatever their literals are: what a grant
 * for a span of time covers.
 * @param beyond as in ApprovedCommand
 */
export function factsDigest(
  target: string,
  principal: Principal,
  facts: readonly Facts[],
  objects: Json,
  sha256: Sha256,
  beyond?: number,
): string {
  const form = {
    v: 1,
    target,
    principal: askerOf(principal),
    facts: facts as unknown as Json,
    objects,
    ...(beyond === undefined ? {} : { beyond }),
  };
  return sha256.text(canonical(form), "hex");
}

/** Who asks, and for whom: neither the token nor the groups of the day. */
function askerOf({ kind, name, issuer, subject, actsFor }: Principal): Json {
  return { kind, name, issuer, subject, actsFor };
}

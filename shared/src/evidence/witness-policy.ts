// Which witnesses there are, and how many of them have to have cosigned a head: C2SP tlog-policy (https://c2sp.org/tlog-policy), so that the same file serves
// whoever writes the ledger, whoever verifies it, and programs that know nothing of this project.
import { type NoteKey, parseVerifierKey, type VerifierKey } from "./checkpoint.ts";
import { parseWitnessKey } from "./cosignature.ts";
import type { Sha256 } from "./digest.ts";

export interface Witness {
  readonly key: NoteKey;
  /** Where it is asked: its submission prefix, without a slash at the end. Null for who verifies only. */
  readonly url: string | null;
}

export interface WitnessPolicy {
  readonly witnesses: readonly Witness[];
  /** Ledgers that it is about; empty when it does not say. */
  readonly logs: readonly VerifierKey[];
  /** @param cosigned ids of keys. */
  enough(cosigned: ReadonlySet<string>): boolean;
}

/** Whether those that can be asked are enough, if all of them cosign. */
export function canBeMet({ witnesses, enough }: WitnessPolicy): boolean {
  return enough(new Set(witnesses.filter(({ url }) => url !== null).map(({ key }) => key.id)));
}

type Rule = (cosigned: ReadonlySet<string>) => boolean;

/** All of them. @throws Error that says which is no key of a witness */
export function allOf(keys: readonly VerifierKey[], sha256: Sha256): WitnessPolicy {
  const witnesses: Witness[] = [];
  for (const text of keys)
    try {
      witnesses.push({ key: another(witnesses, parseWitnessKey(text, sha256)), url: null });
    } catch (error) {
      throw new Error(`${text}: ${(error as Error).message}`);
    }
  return { witnesses, logs: [], enough: (cosigned) => witnesses.every(({ key }) => cosigned.has(key.id)) };
}

/** @param text the file. @throws Error that names the line and what is wrong with it */
export function parseWitnessPolicy(text: string, sha256: Sha256): WitnessPolicy {
  const reading = new Reading(sha256);
  for (const [i, line] of text.split("\n").entries()) {
    const words = line.split(/[ \t]+/).filter((word) => word !== "");
    if (words.length === 0 || words[0]?.startsWith("#")) continue;
    try {
      reading.take(words);
    } catch (error) {
      throw new Error(`line ${i + 1}: ${(error as Error).message}`);
    }
  }
  return reading.end();
}

class Reading {
  readonly #sha256: Sha256;
  readonly #witnesses: Witness[] = [];
  readonly #logs: VerifierKey[] = [];
  readonly #rules = new Map<string, Rule>();
  /** Names that are members of a group: of one at most. */
  readonly #taken = new Set<string>();
  #quorum: Rule | null = null;

  constructor(sha256: Sha256) {
    this.#sha256 = sha256;
  }

  take([kind, ...words]: readonly string[]): void {
    if (kind === "log") this.#log(words);
    else if (kind === "witness") this.#witness(words);
    else if (kind === "group") this.#group(words);
    else if (kind === "quorum") this.#ending(words);
    else throw new Error(`${kind} is not log, witness, group or quorum`);
  }

  end(): WitnessPolicy {
    if (this.#quorum === null) throw new Error("there is no line `quorum`");
    return { witnesses: this.#witnesses, logs: this.#logs, enough: this.#quorum };
  }

  #log([key, url, more]: readonly string[]): void {
    if (key === undefined || more !== undefined) throw new Error("a log is `log KEY [URL]`");
    parseVerifierKey(key, this.#sha256);
    if (url !== undefined) checkUrl(url);
    if (this.#logs.includes(key)) throw new Error("this log is there already");
    this.#logs.push(key);
  }

  #witness([name, text, url, more]: readonly string[]): void {
    if (name === undefined || text === undefined || more !== undefined)
      throw new Error("a witness is `witness NAME KEY [URL]`");
    const key = another(this.#witnesses, parseWitnessKey(text, this.#sha256));
    this.#define(name, (cosigned) => cosigned.has(key.id));
    this.#witnesses.push({ key, url: url === undefined ? null : checkUrl(url) });
  }

  #group([name, many, ...members]: readonly string[]): void {
    if (name === undefined || many === undefined || members.length === 0)
      throw new Error("a group is `group NAME all|any|NUMBER MEMBER...`");
    const least = many === "all" ? members.length : many === "any" ? 1 : /^[1-9]\d*$/.test(many) ? Number(many) : 0;
    if (least < 1 || least > members.length) throw new Error(`${many} of ${members.length} cannot be`);
    const rules = members.map((member) => {
      if (this.#taken.has(member)) throw new Error(`${member} is a member already`);
      this.#taken.add(member);
      return this.#rule(member);
    });
    this.#define(name, (cosigned) => rules.filter((rule) => rule(cosigned)).length >= least);
  }

  #ending([name, more]: readonly string[]): void {
    if (name === undefined || more !== undefined) throw new Error("a quorum is `quorum NAME`");
    if (this.#quorum !== null) throw new Error("there is a quorum already");
    this.#quorum = name === "none" ? () => true : this.#rule(name);
  }

  #define(name: string, rule: Rule): void {
    if (name === "none" || this.#rules.has(name)) throw new Error(`the name ${name} is taken`);
    this.#rules.set(name, rule);
  }

  #rule(name: string): Rule {
    const rule = this.#rules.get(name);
    if (rule === undefined) throw new Error(`${name} is not defined before`);
    return rule;
  }
}

/** Witnesses are counted by the ids of their keys, of four bytes: one who looks for a key can make it look like another's. @throws when it does */
function another(witnesses: readonly Witness[], key: NoteKey): NoteKey {
  for (const other of witnesses) {
    if (other.key.publicKey.every((byte, i) => byte === key.publicKey[i]))
      throw new Error("a witness with this key is there already");
    if (other.key.id === key.id)
      throw new Error(`this key has the id of ${other.key.name}'s: one of them needs another`);
  }
  return key;
}

/** @returns it without a slash at the end */
function checkUrl(text: string): string {
  if (!/^https?:\/\/[^\s/]+(\/[^\s?#]*)?$/.test(text)) throw new Error(`${text} is not an address`);
  return text.replace(/\/+$/, "");
}

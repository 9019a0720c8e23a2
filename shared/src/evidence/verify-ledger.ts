// The ledger as a whole: signature, root, every leaf, every tile, and that the store holds no object which the ledger does not know.
import { type Checkpoint, openCheckpoint } from "./checkpoint.ts";
import { toHex } from "./digest.ts";
import { CHECKPOINT_KEY, COSIGNED_KEY, leafBytes } from "./ledger.ts";
import { readEntries } from "./ledger-entries.ts";
import { LANES, type ObjectRecord, parseKey, sessionPrefix } from "./segment.ts";
import { TileCheck } from "./tile-check.ts";
import { parseTileKey, TiledTree } from "./tiles.ts";
import {
  BadEvidence,
  type CosignedHead,
  type EvidenceReader,
  type KnownHead,
  type VerifyRequest,
  type VerifyTools,
} from "./verify-types.ts";

export interface LedgerView {
  readonly head: KnownHead;
  /** By key, in the order of the ledger. */
  readonly records: ReadonlyMap<string, ObjectRecord>;
  /** Objects that the ledger does not know yet, and the journal announces. */
  readonly unsealed: readonly string[];
}

/** An earlier head that the ledger has to go on from. */
interface EarlierHead extends KnownHead {
  readonly key: string;
  /** Who saw it, as the end of a sentence: of the head, and of its entries. */
  readonly seen: readonly [string, string];
}

/** @param cosigned a head that was kept before this one is read */
export async function readLedger(
  reader: EvidenceReader,
  tools: VerifyTools,
  request: VerifyRequest,
  cosigned: CosignedHead | null,
): Promise<LedgerView> {
  const stored = await storedKeys(reader, request);
  const earlier = earlierHeads(request.known, cosigned);
  let found = await readOnce(reader, tools, request, earlier);
  if (found.excess || stored.some((key) => !found.records.has(key))) {
    await request.settle();
    const seen = found.seen;
    found = await readOnce(reader, tools, request, earlier);
    // What stood beyond the head a while ago must be under it by now, or be announced; what was added since is still on its way.
    if (found.head.size < seen && !(await areAnnounced(found, seen, request)))
      throw new BadEvidence({
        key: CHECKPOINT_KEY,
        what: "the ledger has entries that its signed head does not cover",
      });
  }
  const unknown = stored.filter((key) => !found.records.has(key)).sort();
  const unsealed = await inJournal(unknown, reader, tools, request);
  const stranger = unknown.find((key) => !unsealed.includes(key));
  if (stranger !== undefined) throw new BadEvidence({ key: stranger, what: "the object is not in the ledger" });
  return { head: found.head, records: found.records, unsealed };
}

/** Entries beyond the head whose writer stopped before it signed them: it said before what it was about to add, and whoever goes on will sign it. */
async function areAnnounced({ head, beyond }: OneReading, seen: number, request: VerifyRequest): Promise<boolean> {
  if (head.size + beyond.length < seen) return false;
  const { announced } = await request.pending();
  const known = new Set(announced.map(({ key, sha256 }) => `${key} ${sha256}`));
  return beyond.every(({ key, sha256 }) => known.has(`${key} ${sha256}`));
}

/** Keys outside the ledger. For a session, only where its own objects are: a store can be large. */
async function storedKeys(reader: EvidenceReader, request: VerifyRequest): Promise<string[]> {
  const prefixes =
    request.scope.type === "session" ? await sessionPlaces(reader, request, request.scope.session) : [""];
  const keys: string[] = [];
  for (const prefix of prefixes)
    for await (const { key } of reader.list(prefix))
      if (key !== CHECKPOINT_KEY && key !== COSIGNED_KEY && parseTileKey(key) === null) keys.push(key);
  return keys;
}

/** The folders that the ledger's entries of a session, and what the journal announces of it, are in: of every lane. */
async function sessionPlaces(reader: EvidenceReader, request: VerifyRequest, session: string): Promise<string[]> {
  const prefixes = new Set<string>();
  const add = ({ key }: ObjectRecord) => {
    const name = parseKey(key);
    if (name?.session === session) for (const lane of LANES) prefixes.add(sessionPrefix(lane, name));
  };
  for await (const { record } of readEntries(reader)) add(record);
  for (const record of (await request.pending()).announced) add(record);
  return [...prefixes];
}

/** Those that the journal announces with the bytes they have: stored, but their writer stopped before the ledger had them. */
async function inJournal(
  keys: readonly string[],
  reader: EvidenceReader,
  tools: VerifyTools,
  request: VerifyRequest,
): Promise<string[]> {
  if (keys.length === 0) return [];
  const { announced } = await request.pending();
  const found: string[] = [];
  for (const key of keys) {
    const bytes = announced.some((record) => record.key === key) ? await reader.get(key) : null;
    if (bytes === null) continue;
    const sha256 = tools.sha256.text(bytes, "hex");
    if (announced.some((record) => record.key === key && record.sha256 === sha256)) found.push(key);
  }
  return found;
}

interface OneReading {
  readonly head: KnownHead;
  readonly records: Map<string, ObjectRecord>;
  /** Entries that are stored and not under the head. */
  readonly beyond: readonly ObjectRecord[];
  /** Size of the smallest ledger that would have all entries and tiles that are stored. */
  readonly seen: number;
  /** True when some of them are beyond the head. */
  readonly excess: boolean;
}

async function readOnce(
  reader: EvidenceReader,
  tools: VerifyTools,
  request: VerifyRequest,
  earlier: readonly EarlierHead[],
): Promise<OneReading> {
  // The head before the entries: what it covers was stored before it was signed.
  const checkpoint = await readCheckpoint(reader, tools, request);
  const tiles = await TileCheck.begin(reader);
  const records = new Map<string, ObjectRecord>();
  const beyond: ObjectRecord[] = [];
  const tree = new TiledTree(tools.sha256);
  for await (const { key, record } of readEntries(reader)) {
    if (tree.size === checkpoint.size) {
      beyond.push(record);
      continue;
    }
    if (records.has(record.key)) throw new BadEvidence({ key, what: `the ledger names ${record.key} twice` });
    records.set(record.key, record);
    tree.append(leafBytes(record));
    for (const head of earlier) if (tree.size === head.size) compare(head, tree);
    for (const tile of tree.take(false)) await tiles.check(tile);
  }
  if (tree.size < checkpoint.size)
    throw new BadEvidence({
      key: CHECKPOINT_KEY,
      what: `the ledger has ${tree.size} entries, and its head says ${checkpoint.size}`,
    });
  if (toHex(tree.root()) !== toHex(checkpoint.root))
    throw new BadEvidence({
      key: CHECKPOINT_KEY,
      what: "the ledger's entries do not add up to the root that is signed",
    });
  for (const tile of tree.take(true)) await tiles.check(tile);
  for (const { key, size, seen } of earlier)
    if (size > checkpoint.size)
      throw new BadEvidence({ key, what: `the ledger is shorter than the head of ${size} that ${seen[0]}` });
  return {
    head: { size: checkpoint.size, root: toHex(checkpoint.root) },
    records,
    beyond,
    seen: tiles.seen,
    excess: tiles.seen > checkpoint.size,
  };
}

function earlierHeads(known: KnownHead | undefined, cosigned: CosignedHead | null): EarlierHead[] {
  const heads: EarlierHead[] = [];
  if (known !== undefined) heads.push({ ...known, key: CHECKPOINT_KEY, seen: ["was seen before", "were seen before"] });
  if (cosigned === null) return heads;
  const names = cosigned.by.length > 0 ? cosigned.by.map(({ name }) => name) : cosigned.claimed;
  const seen = names.length === 0 ? "is kept for witnesses" : `${names.join(", ")} cosigned`;
  return [...heads, { size: cosigned.size, root: cosigned.root, key: COSIGNED_KEY, seen: [seen, seen] }];
}

function compare({ key, size, root, seen }: EarlierHead, tree: TiledTree): void {
  if (toHex(tree.root()) !== root)
    throw new BadEvidence({ key, what: `the ledger's first ${size} entries are not those that ${seen[1]}` });
}

async function readCheckpoint(reader: EvidenceReader, tools: VerifyTools, request: VerifyRequest): Promise<Checkpoint> {
  const bytes = await reader.get(CHECKPOINT_KEY);
  if (bytes === null) throw new BadEvidence({ key: CHECKPOINT_KEY, what: "the ledger has no signed head" });
  try {
    const note = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return openCheckpoint(note, request.verifierKey, tools);
  } catch (error) {
    throw new BadEvidence({ key: CHECKPOINT_KEY, what: (error as Error).message });
  }
}

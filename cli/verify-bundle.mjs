#!/usr/bin/env node
// Verifies a bundle of evidence (`postern bundle`) with nothing but Node 22.15 or later and this file. Read it before you trust it: it is
// short on purpose, and it shares no code with the rest of the project.
//
//   node verify-bundle.mjs BUNDLE [KEY [WITNESS...]]
//
// KEY: the ledger's public key, `name+id+base64`, from somebody else than who gave you the bundle. WITNESS: public keys of witnesses, each of which has to
// have cosigned the head.
//
// It checks, in this order, and ends with 1 and the line at the first thing that is not so:
//   1. the head of the ledger is signed by the key (C2SP signed-note, Ed25519), and cosigned by each witness (C2SP tlog-cosignature v1);
//   2. every object in the bundle is the one that its leaf names (SHA-256, length), and the leaf is under that head (RFC 6962 proof);
//   3. of every session, events are numbered from 1 without a gap, each names the SHA-256 of the one before, and the numbers are those of
//      the leaves; parts of recordings follow each other; nothing comes after the end.
// It cannot see sessions or recordings that were left out of the bundle, or whether an open session went on.
import { createHash, createPublicKey, verify } from "node:crypto";
import { createReadStream } from "node:fs";
import * as zlib from "node:zlib";

const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest();
const hex = (bytes) => bytes.toString("hex");
const [LEAF, NODE] = [Buffer.from([0]), Buffer.from([1])];
let line = 0;

function check(holds, what) {
  if (!holds) throw new Error(what);
}

function fromBase64(text) {
  const bytes = Buffer.from(text, "base64");
  check(bytes.toString("base64") === text, "this is not base64");
  return bytes;
}

/** A public key is `name+id+base64(algorithm, 32 bytes)`: 1 signs the ledger's own head, 4 cosigns it. */
function readKey(text, algorithm) {
  const [, name, id, encoded] = /^([^+\s]+)\+([0-9a-f]{8})\+(\S+)$/.exec(text) ?? [];
  check(encoded !== undefined, "the key is not `name+id+base64`");
  const typed = fromBase64(encoded);
  check(typed.length === 33 && typed[0] === algorithm, `${name}: the key is not one for Ed25519, of type ${algorithm}`);
  const keyId = sha256(`${name}\n`, typed).subarray(0, 4);
  check(hex(keyId) === id, `${name}: the key's id does not belong to it`);
  const jwk = { kty: "OKP", crv: "Ed25519", x: typed.subarray(1).toString("base64url") };
  return { name, keyId, publicKey: createPublicKey({ key: jwk, format: "jwk" }) };
}

/** The signatures that a key has put under the head: `— name base64(id, signature) \n`. Those of other keys are passed over. */
function signaturesBy({ name, keyId }, lines) {
  const all = lines.map(
    (text) => /^— (\S+) (\S+)$/u.exec(text) ?? check(false, "there is a signature line that is none"),
  );
  const own = all.map(([, by, encoded]) => [by, fromBase64(encoded)]);
  return own
    .filter(([by, bytes]) => by === name && bytes.subarray(0, 4).equals(keyId))
    .map(([, bytes]) => bytes.subarray(4));
}

/** The signed head: `origin \n size \n root \n \n`, and signatures. A cosignature is 8 bytes of time and a signature over both. */
function openHead({ format, checkpoint }, key, witnesses) {
  check(format === "postern-bundle/1", "this is not a bundle of a version that is known here");
  const split = checkpoint.lastIndexOf("\n\n") + 1;
  check(split > 0 && checkpoint.endsWith("\n"), "the head is not signed");
  const [text, lines] = [checkpoint.slice(0, split), checkpoint.slice(split + 1, -1).split("\n")];
  const ledger = readKey(key, 1);
  const signed = signaturesBy(ledger, lines);
  check(signed.length > 0, "the head is not signed by this key");
  for (const one of signed) check(verify(null, Buffer.from(text), ledger.publicKey, one), "the signature is wrong");
  for (const witness of witnesses.map((one) => readKey(one, 4))) {
    const cosigned = signaturesBy(witness, lines);
    check(cosigned.length > 0, `the head is not cosigned by ${witness.name}`);
    for (const one of cosigned) {
      check(one.length === 72, `the cosignature of ${witness.name} is wrong`);
      const said = `cosignature/v1\ntime ${one.readBigUInt64BE()}\n${text}`;
      check(
        verify(null, Buffer.from(said), witness.publicKey, one.subarray(8)),
        `the cosignature of ${witness.name} is wrong`,
      );
    }
  }
  const [origin, size, root, end] = text.split("\n");
  check(origin === ledger.name && /^\d+$/.test(size) && end === "", "the head is of another ledger");
  return { size: Number(size), root: fromBase64(root) };
}

/** RFC 6962, section 2.1.1: the tree is split at the largest power of two below its size; the leaf's sibling comes first in the proof. */
function rootOf(leaf, index, size, proof) {
  if (size === 1) return leaf;
  let left = 1;
  while (left * 2 < size) left *= 2;
  const below = index < left ? rootOf(leaf, index, left, proof) : rootOf(leaf, index - left, size - left, proof);
  const sibling = proof.shift();
  check(sibling !== undefined, "the proof is too short");
  return index < left ? sha256(NODE, below, sibling) : sha256(NODE, sibling, below);
}

function checkObject({ leaf, index, proof, data }, head) {
  const record = JSON.parse(leaf);
  const bytes = fromBase64(data);
  check(
    bytes.length === record.bytes && hex(sha256(bytes)) === record.sha256,
    `${record.key}: other bytes than its leaf names`,
  );
  check(Number.isInteger(index) && index >= 0 && index < head.size, `${record.key}: no place in the ledger`);
  const hashes = proof.map(fromBase64);
  const root = rootOf(sha256(LEAF, leaf), index, head.size, hashes);
  check(hashes.length === 0 && root.equals(head.root), `${record.key}: not proven to be in the ledger`);
  return { record, bytes };
}

/** What the first event of a session names as the one before it. */
const startOf = (session) => sha256("postern evidence v1\n", session).toString("base64url");

const ENDS = ["session.closed", "session.recovered"];

/** Follows one session's events; `at` is where its chain has come to. */
function checkEvents({ record, bytes }, session, at) {
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(zlib.zstdDecompressSync(bytes));
  check(text.endsWith("\n"), `${record.key}: its last line has no end`);
  check(record.first === at.seq + 1, `${record.key}: event ${at.seq + 1} is missing before it`);
  for (const event of text.slice(0, -1).split("\n")) {
    const { postern } = JSON.parse(event);
    const where = `${record.key}: event ${at.seq + 1}`;
    check(!at.ended, `${where} comes after the end of the session`);
    check(postern.session === session && postern.seq === at.seq + 1, `${where} is not where it belongs`);
    check(postern.prev === at.prev, `${where} does not name the event before it`);
    at.seq += 1;
    at.prev = sha256(event).toString("base64url");
    at.ended = ENDS.includes(postern.type);
  }
  check(record.last === at.seq && record.final === at.ended, `${record.key}: ends elsewhere than its leaf says`);
}

/** Lines end with a newline and with nothing else. */
async function* linesOf(path) {
  let held = [];
  for await (const chunk of createReadStream(path)) {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      yield Buffer.concat([...held, chunk.subarray(start, end)]).toString();
      held = [];
      start = end + 1;
    }
    held.push(chunk.subarray(start));
  }
  check(Buffer.concat(held).length === 0, "the bundle does not end with a whole line");
}

/** The objects of a session come together, its events before its recording, each in order. */
async function main(path, trusted, ...witnesses) {
  check(path !== undefined, "usage: node verify-bundle.mjs BUNDLE [KEY [WITNESS...]]");
  check(zlib.zstdDecompressSync !== undefined, "this needs Node 22.15 or later, whose zlib can read Zstandard");
  const [sessions, seen] = [new Map(), new Set()];
  let [head, key, objects, ended] = [null, trusted, 0, false];
  for await (const text of linesOf(path)) {
    line += 1;
    const value = JSON.parse(text);
    check(JSON.stringify(value) === text && !ended, "the line is not as it was written");
    if (head === null) {
      key ??= value.key;
      head = openHead(value, key, witnesses);
    } else if ("end" in value) {
      ended = value.end === objects;
      check(ended, `the bundle has ${objects} objects, not ${value.end}`);
    } else {
      const object = checkObject(value, head);
      check(!seen.has(value.index), `${object.record.key}: it is there twice`);
      seen.add(value.index);
      const [lane, , , , session] = object.record.key.split("/");
      const at = sessions.get(session) ?? { seq: 0, prev: startOf(session), ended: false, parts: 0 };
      sessions.set(session, at);
      if (lane === "events") checkEvents(object, session, at);
      else {
        check(object.record.first === at.parts + 1, `${object.record.key}: a part before it is missing`);
        at.parts = object.record.last;
      }
      objects += 1;
    }
  }
  check(ended, "the bundle has no end");
  const all = [...sessions.values()];
  const events = all.reduce((sum, at) => sum + at.seq, 0);
  console.log(
    `ok  ${all.length} sessions (${all.filter((at) => !at.ended).length} without an end), ${events} events, ${objects} objects`,
  );
  console.log(`    under a head of ${head.size} entries, signed by ${key}`);
  for (const one of witnesses) console.log(`    cosigned by ${one}`);
  if (trusted === undefined) console.log("    the key came with the bundle: compare it with one that you trust");
}

main(...process.argv.slice(2)).catch((error) => {
  console.error(`BAD line ${line}: ${error.message}`);
  process.exitCode = 1;
});

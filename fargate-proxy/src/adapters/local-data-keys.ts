// Data keys of the sealed lane at home: HPKE to the officers' public key. The gateway reads `sealed.pub` alone; `sealed.key` is for those who open. Wrapped keys are files, one for each session.
import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { link, mkdir, open, readFile, unlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { hpkeOpen, hpkePair, hpkeSeal } from "#functions/adapters/hpke.ts";
import { canonical } from "#shared/evidence/canonical.ts";
import type { DataKeyOpener, DataKeys, KeyContext, WrappedKeys } from "#shared/evidence/data-keys.ts";
import { syncFolder } from "./sync-folder.ts";

const KEY = 32;

const infoOf = ({ session, target }: KeyContext) => `postern data key v1\n${canonical({ session, target })}`;

/** Makes the pair when there is none: `sealed.key` may then be taken elsewhere, the gateway never reads it. */
export async function openLocalDataKeys(folder: string): Promise<DataKeys> {
  const publicKey = (await readKey(join(folder, "sealed.pub"))) ?? (await makePair(folder));
  return {
    async generate(context) {
      const key = randomBytes(KEY);
      return { key, wrapped: await hpkeSeal(publicKey, infoOf(context), key) };
    },
  };
}

/** @param file the private half, `sealed.key` */
export async function openLocalDataKeyOpener(file: string): Promise<DataKeyOpener> {
  const secret = decode(await readFile(file, "utf8"));
  return { open: (wrapped, context) => hpkeOpen(secret, infoOf(context), wrapped) };
}

async function readKey(path: string): Promise<Uint8Array | null> {
  try {
    return decode(await readFile(path, "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

const decode = (text: string): Uint8Array => Buffer.from(text.trim(), "base64url");
const encode = (key: Uint8Array) => `${Buffer.from(key).toString("base64url")}\n`;

async function makePair(folder: string): Promise<Uint8Array> {
  const { secret, open } = await hpkePair();
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // The private half first: what is sealed with a public one that has lost its other half is lost too.
  await writeFile(join(folder, "sealed.key"), encode(secret), { mode: 0o600, flag: "wx", flush: true });
  await writeFile(join(folder, "sealed.pub"), encode(open), { flag: "wx", flush: true });
  return open;
}

/** Files of a folder, named by session. Destroying one overwrites it first, as far as the file system lets one. */
export function localWrappedKeys(folder: string): WrappedKeys {
  const pathOf = (session: string) => {
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(session)) throw new RangeError("this is not the id of a session");
    return join(folder, session);
  };
  return {
    async put(session, wrapped) {
      const path = pathOf(session);
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const draft = `${path}.${randomBytes(6).toString("hex")}`;
      await writeFile(draft, wrapped, { mode: 0o600, flag: "wx", flush: true });
      try {
        await link(draft, path);
      } catch (error) {
        if (!wrappedEqual(await readFile(path), wrapped)) throw error;
      } finally {
        await unlink(draft);
      }
      await syncFolder(folder);
    },
    get: (session) => readFile(pathOf(session)).catch(nullIfMissing),
    async destroy(session) {
      const path = pathOf(session);
      const wrapped = await readFile(path).catch(nullIfMissing);
      if (wrapped === null) return;
      const file = await open(path, constants.O_WRONLY);
      try {
        await file.write(randomBytes(wrapped.length), 0, wrapped.length, 0);
        await file.sync();
      } finally {
        await file.close();
      }
      await unlink(path);
      await syncFolder(folder);
    },
  };
}

function wrappedEqual(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

function nullIfMissing(error: NodeJS.ErrnoException): null {
  if (error.code === "ENOENT") return null;
  throw error;
}

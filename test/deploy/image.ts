// The gateway's image without a builder of images: the Dockerfile's own instructions, followed in a folder that becomes a root.
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

export interface Image {
  /** Working directory in it, and what is run there. */
  readonly workdir: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly user: string;
  /** Folders whose owner and mode a volume that is mounted there takes over; all others get root's. */
  readonly volumes: ReadonlySet<string>;
}

/** What the base image runs, and has. */
const NODE = "/nodejs/bin/node";
const OWN_BY_EVERYBODY = 0o1777;

/** @param context folder that the image is built from. @param root an empty folder. @throws on an instruction that is not known here */
export function makeRoot(context: string, root: string): Image {
  putBase(root);
  let workdir = "/";
  let user = "0:0";
  let command: string[] = [];
  const env: Record<string, string> = {};
  const volumes = new Set<string>();
  for (const line of readFileSync(join(context, "Dockerfile"), "utf8").split("\n")) {
    const [, word = "", rest = ""] = /^([A-Z]+)\s+(.*)$/.exec(line.trim()) ?? [];
    if (word === "" && (line.trim() === "" || line.startsWith("#"))) continue;
    if (word === "WORKDIR") workdir = makeFolder(root, rest);
    else if (word === "COPY") copy(context, root, workdir, rest);
    else if (word === "ENV") env[rest.slice(0, rest.indexOf("="))] = rest.slice(rest.indexOf("=") + 1);
    else if (word === "USER") user = rest;
    else if (word === "CMD") command = [NODE, ...(JSON.parse(rest) as string[])];
    else if (word === "VOLUME") for (const one of JSON.parse(rest) as string[]) volumes.add(one);
    else if (word !== "FROM" && word !== "EXPOSE")
      throw new Error(`the Dockerfile says what is not known here: ${line}`);
  }
  return { workdir, command, env, user, volumes };
}

/** What distroless Node has, as far as it is used: Node, the C library, and a few files. Everything is root's. */
function putBase(root: string): void {
  put(root, NODE, process.execPath);
  for (const [, library = ""] of execFileSync("ldd", [process.execPath], { encoding: "utf8" }).matchAll(
    /(\/\S+) \(0x/g,
  ))
    put(root, library, library);
  for (const folder of ["/dev", "/etc", "/var/lib", "/tmp"]) makeFolder(root, folder);
  execFileSync("mknod", ["--mode=666", join(root, "dev/null"), "c", "1", "3"]);
  chmodSync(join(root, "tmp"), OWN_BY_EVERYBODY);
  writeFileSync(join(root, "etc/nsswitch.conf"), "hosts: files\n");
  writeFileSync(
    join(root, "etc/passwd"),
    "root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n",
  );
}

function makeFolder(root: string, folder: string): string {
  mkdirSync(join(root, folder), { recursive: true, mode: 0o755 });
  return folder;
}

/** A second name for a file where that can be had, else a copy. */
function put(root: string, to: string, from: string): void {
  makeFolder(root, dirname(to));
  try {
    linkSync(realpathSync(from), join(root, to));
  } catch {
    copyFileSync(from, join(root, to));
    chmodSync(join(root, to), 0o755);
  }
}

function copy(context: string, root: string, workdir: string, rest: string): void {
  const [, owner = "0:0", from = "", to = ""] = /^(?:--chown=(\d+:\d+) )?(\S+) (\S+)$/.exec(rest) ?? [];
  if (from === "") throw new Error(`the Dockerfile copies in a way that is not known here: ${rest}`);
  const at = join(root, to.startsWith("/") ? to : join(workdir, to));
  cpSync(join(context, from), at, { recursive: true });
  const [uid, gid] = owner.split(":").map(Number) as [number, number];
  for (const path of [at, ...readdirSync(at, { recursive: true }).map((name) => join(at, String(name)))]) {
    chownSync(path, uid, gid);
    if (lstatSync(path).isDirectory()) chmodSync(path, 0o755);
  }
}

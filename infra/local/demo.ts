// `npm run demo`: a story of what Postern is for, played on a home of its own. Ends with 0 only if every promise was kept.
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { styleText } from "node:util";
import { stageOn } from "./demo/stage.ts";
import { STORY } from "./demo/story.ts";
import { startHome } from "./home.ts";
import { randomPorts } from "./ports.ts";
import { removePlace } from "./postgres-place.ts";

const paint = (format: Parameters<typeof styleText>[0], text: string) =>
  styleText(format, text, { stream: process.stdout });
const say = (text: string) => void process.stdout.write(`${text}\n`);

async function main(): Promise<number> {
  say(paint("bold", "Postern: a story in six steps"));
  say(
    paint(
      "dim",
      "on a clinic of 20,000 patients who do not exist, with a gateway, a database and an issuer of its own",
    ),
  );
  const root = mkdtempSync(join(tmpdir(), "postern-demo-"));
  chmodSync(root, 0o755);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
  process.once("exit", () => {
    removePlace(join(root, "pg"));
    rmSync(root, { recursive: true, force: true });
  });
  const progress = (line: string) => say(paint("dim", `  ${line}`));
  const home = await startHome({ state: root, ports: await randomPorts(), careless: true, graceSeconds: 1, progress });
  const stage = stageOn(home, (line) => say(line.startsWith("$ ") ? paint("cyan", line) : line));
  const broken: string[] = [];
  for (const [index, step] of STORY.entries()) {
    say(`\n${paint("bold", `${index + 1}. ${step.promise}`)}`);
    try {
      await step.play(stage);
      say(paint("green", `✓ ${step.promise}`));
    } catch (error) {
      broken.push(step.promise);
      say(paint("red", `✗ BROKEN PROMISE: ${step.promise}\n  ${(error as Error).message}`));
    }
  }
  await home.stop();
  if (broken.length === 0) say(paint(["bold", "green"], "\nAll six promises were kept. Your turn: npm start"));
  else say(paint(["bold", "red"], `\nBroken: ${broken.join("; ")}`));
  return broken.length === 0 ? 0 : 1;
}

process.exit(await main());

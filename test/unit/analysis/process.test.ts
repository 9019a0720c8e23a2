// The analysis process when it cannot be started: the machine has no memory or no processes left.
import { readdirSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { AnalysisProcess, type Request } from "#proxy/adapters/analysis-process.ts";
import { Refusal } from "#shared/errors.ts";

const SNAPSHOT = { target: "clinic" } as Parameters<AnalysisProcess["use"]>[0];
const open = () => readdirSync("/dev/fd").length;

test("is tried again after longer and longer, refuses meanwhile, and keeps nothing open", async () => {
  const before = open();
  // So small a heap holds not even Node itself.
  const analysis = new AnalysisProcess({ timeoutMs: 1000, heapMegabytes: 1, queue: 4 });
  try {
    analysis.use(SNAPSHOT, new Map(), new Set());
    expect(await analysis.run({ type: "analyse" } as Request)).toBeInstanceOf(Refusal);
    const pause = new Promise((resolve) => setTimeout(resolve, 2500));
    await vi.waitFor(() => expect(analysis.killed).toBeGreaterThan(1));
    await pause;
    expect(analysis.killed).toBeLessThan(8);
    expect(open() - before).toBeLessThan(8);
  } finally {
    await analysis.close();
  }
});

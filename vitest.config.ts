import { defineConfig } from "vitest/config";

/** Suites that take minutes or need other programs: `.ci/run` runs them, `npm test` does not. */
const HEAVY = [
  "test/{aws,bypass,conformance,crash,deploy,fuzz,infra,locks,noninterference,oracles,scenarios,thirdparty}/**/*.test.ts",
];

// biome-ignore lint/style/noDefaultExport: vitest reads the default export
export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    setupFiles: ["test/support/seed.ts", "test/support/patience.ts"],
    expect: { poll: { timeout: 20_000 } },
    projects: [
      { extends: true, test: { name: "light", include: ["test/**/*.test.ts"], exclude: HEAVY } },
      { extends: true, test: { name: "heavy", include: HEAVY, fileParallelism: false } },
    ],
  },
});

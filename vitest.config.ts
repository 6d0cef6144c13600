import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";

import { defineConfig } from "vitest/config";

const postgres = "./test/postgres/global-setup.ts";
// Vitest leaves one processor to itself, which on two would be one file after the other; most files wait a lot.
const maxWorkers = Math.max(2, availableParallelism());

export default defineConfig({
  test: {
    maxWorkers,
    // Half of what a process of ours does until it answers is to read its sources; tests start a few hundred.
    env: { NODE_COMPILE_CACHE: join(tmpdir(), "orca-compile-cache") },
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      exclude: ["src/**/*.testsuite.ts"],
      reporter: ["text", "json-summary"],
    },
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["src/**/*.test.ts", "test/chaos/*.test.ts"],
          exclude: ["src/**/*.db.test.ts"],
          testTimeout: 20_000,
        },
      },
      {
        extends: true,
        test: {
          name: "storage",
          include: ["src/**/*.db.test.ts", "test/postgres/**/*.test.ts"],
          globalSetup: postgres,
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: "api",
          include: ["test/api/**/*.test.ts"],
          globalSetup: postgres,
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          globalSetup: postgres,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: "chaos",
          include: ["test/chaos/experiments/*.test.ts"],
          exclude: ["test/chaos/experiments/*.alone.test.ts"],
          globalSetup: postgres,
          // Nodes are watched for what they do in time, so no other project runs beside them.
          sequence: { groupOrder: 1 },
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: "chaos-alone",
          include: ["test/chaos/experiments/*.alone.test.ts"],
          globalSetup: postgres,
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});

// What a test waits for may take long on a slow disk, and is no failure for it: one second, the default, is too short.
import { vi } from "vitest";

const PATIENCE_MS = 20_000;
const { waitFor } = vi;

vi.waitFor = (check, options = PATIENCE_MS) => waitFor(check, options);

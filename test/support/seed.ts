// Random tests are repeatable: a failure shows on every machine, and another seed is a choice (POSTERN_SEED).
import fc from "fast-check";
import { SEED } from "./settings.ts";

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: SEED });

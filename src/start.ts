#!/usr/bin/env node
import { join } from "node:path";
import { load } from "./load.ts";

/** The image runs this file instead of main.js: see docs/decisions/0014-start-up.md. */
load(join(import.meta.dirname, "main.js"));

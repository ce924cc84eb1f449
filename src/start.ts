#!/usr/bin/env node
import { join } from "node:path";
import { load } from "./load.ts";

/** What the image runs instead of main.js itself: docs/decisions/0014-start-up.md has the reason. */
load(join(import.meta.dirname, "main.js"));

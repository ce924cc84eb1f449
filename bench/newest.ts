import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

const DIR = resolve(import.meta.dirname, "../.cache/bench");

/** A program that `scripts/setup bench` has built, or undefined. */
export function findNewest(name: "pebble" | "lego" | "caddy"): string | undefined {
  const path = join(DIR, name);
  return existsSync(path) ? path : undefined;
}

export function newestOf(name: "lego" | "caddy"): string {
  const path = findNewest(name);
  if (path === undefined) throw new Error(`there is no ${name}: run scripts/setup bench`);
  return path;
}

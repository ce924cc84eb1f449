/**
 * Writes docs/targets.schema.json, with which editors check a file of targets: `node
 * scripts/targets-schema.ts`.
 */
import { writeFileSync } from "node:fs";
import { toJSONSchema } from "zod/mini";
import { describe } from "../src/cli/help.ts";
import { OPTION_OF, TARGETS } from "../src/cli/targets-schema.ts";

export const FILE = "docs/targets.schema.json";

/** The meaning of the keys that are not options. */
const OWN: Record<string, string> = {
  id: "The target's name, and its folder below --certs_dir [the first of the names]",
  method: "How to answer the CA [standalone, unless root or a folder is given]",
};

/** The text of the schema. */
export function targetsSchema(): string {
  const { $schema, ...schema } = toJSONSchema(TARGETS);
  const described = {
    $schema,
    title: "A file of targets for acme-sidecar batch",
    ...schema,
  };
  return `${JSON.stringify(described, withMeaning, 2)}\n`;
}

/** Adds its meaning to each key of a target. */
function withMeaning(name: string, value: unknown): unknown {
  if (name !== "properties" || !isTarget(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, schema]) => [key, { description: meaning(key), ...schema }]),
  );
}

function isTarget(value: unknown): value is Record<string, object> {
  return typeof value === "object" && value !== null && "method" in value;
}

function meaning(key: string): string | undefined {
  const option = OPTION_OF.get(key);
  return option === undefined ? OWN[key] : describe(option);
}

if (import.meta.main) writeFileSync(FILE, targetsSchema());

import * as z from "zod/mini";
import { suggest } from "../suggest.ts";
import type { MethodName } from "./option.ts";
import { OPTION_NAMES, type OptionName, specOf } from "./options.ts";

/** The options that select each method of answering the CA. */
export const METHODS = {
  standalone: {},
  webroot: {},
  stateless: { stateless: true },
  dns: { dns: "exec" },
} as const satisfies Record<MethodName, object>;

const ID = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/;
const ID_RULE =
  "an id has at most 100 letters, digits, dots, hyphens and underscores, since it names a folder.";

/** What is wrong with an id; undefined if it is valid. */
export function flawOfId(id: string): string | undefined {
  return ID.test(id) ? undefined : `${id}: ${ID_RULE}`;
}

/** The option for each key of a target. */
export const OPTION_OF = new Map(
  OPTION_NAMES.flatMap((name) => {
    const { key } = specOf(name);
    return key === undefined ? [] : [[key, name] as const];
  }),
);

const NO_MAPPING = "it is not a mapping of keys to values.";
const NO_TARGETS = "there is no list of targets.";
const NO_NAMES = "it has no names.";
const TEXTS = "a text or a list of texts is needed.";
const KEYS = ["id", "method", ...OPTION_OF.keys()];

function valueOf(name: OptionName) {
  const { value, repeatable } = specOf(name);
  if (value === undefined) return z.boolean("true or false is needed.");
  if (!repeatable) return z.union([z.string(), z.number()], "a text or a number is needed.");
  const item = z.union([z.string(), z.number()]);
  const list = z.array(item).check(z.minLength(1, TEXTS));
  return z.union([item, list], {
    error: ({ input }) => (input === undefined ? NO_NAMES : TEXTS),
  });
}

const methods = Object.keys(METHODS);
const id = z.union([z.string().check(z.regex(ID, { error: sayId })), z.number()], {
  error: sayId,
});
const method = z.enum(methods, {
  error: ({ input }) =>
    typeof input === "string"
      ? `${input}: ${withGuess("this value is unknown.", input, methods)} Choose one of ${methods.join(", ")}.`
      : "a text is needed.",
});

function sayId({ input }: { input?: unknown }): string {
  return typeof input === "string" ? (flawOfId(input) ?? "") : "a text is needed.";
}

const { names, ...others } = Object.fromEntries(
  [...OPTION_OF].map(([key, name]) => [key, valueOf(name)]),
);
const settings = { method, ...others };
const optional = Object.fromEntries(
  Object.entries(settings).map(([key, schema]) => [key, z.optional(schema)]),
);
const target = z.strictObject(
  { id: z.optional(id), names: names ?? z.never(), ...optional },
  NO_MAPPING,
);

/** The schema of a file of targets. Its keys have underscores. */
export const TARGETS = z.strictObject(
  {
    defaults: z.optional(z.strictObject(optional, NO_MAPPING)),
    targets: z.array(target, NO_TARGETS).check(z.minLength(1, NO_TARGETS)),
  },
  NO_MAPPING,
);

/** Everything in a file of targets that the schema does not allow, with its place. */
export function flawsIn(file: unknown): { path: PropertyKey[]; text: string }[] {
  const { error } = z.safeParse(TARGETS, file);
  return (error?.issues ?? []).flatMap((issue) =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map((key) => ({ path: [...issue.path, key], text: sayKey(issue.path, key) }))
      : { path: issue.path, text: issue.message },
  );
}

function sayKey(path: readonly PropertyKey[], key: string): string {
  if (path.length === 0)
    return `${withGuess("there is no such key here.", key, ["defaults", "targets"])} The keys are defaults and targets.`;
  if (key === "id" || key === "names") return "it belongs to a target.";
  return `${withGuess("there is no such key.", key, KEYS)} The keys are ${KEYS.join(", ")}.`;
}

function withGuess(text: string, word: string, known: readonly string[]): string {
  return [text, suggest(word, known) || []].flat().join(" ");
}

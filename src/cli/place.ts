import { entryOf } from "../json.ts";
import {
  type Component,
  FORMAT_NAMES,
  type FormatName,
  FORMATS,
  isAccountFile,
} from "../store/formats.ts";
import { PKCS12_FILE } from "../store/pkcs12.ts";
import type { Place } from "../store/set.ts";
import type { Given } from "./given.ts";
import { parseFileOwner, parseKeyMode } from "./values.ts";

const DEFAULT_FORMATS: FormatName[] = [
  "account_key.json",
  "account_reg.json",
  "key.pem",
  "cert.pem",
  "chain.pem",
  "fullchain.pem",
];

/** The folder of the set, or of the sets, that a verb is about. */
export function parseDir(given: Given): string {
  return given.path("certs_dir") ?? given.cwd;
}

/** The folder of accounts that sets share, if they do. */
export function parseAccountDir(given: Given): string | undefined {
  return given.path("account_dir");
}

/** Where the files are that a verb reads or writes. */
export function parsePlace(given: Given): Omit<Place, "pkcs12"> {
  const isShared = parseAccountDir(given) !== undefined;
  return {
    dir: parseDir(given),
    formats: parseFormats(given).filter((name) => !(isShared && isAccountFile(name))),
    keyMode: parseKeyMode(given),
    owner: parseFileOwner(given),
  };
}

/** The place of a whole set; files that do not hold everything are a mistake. */
export function parseWholePlace(given: Given): Omit<Place, "pkcs12"> {
  const place = parsePlace(given);
  // What one of them should have been may hold what is missing.
  if (given.isWrong("file")) return place;
  const held = new Set<Component>(place.formats.flatMap((name) => FORMATS[name].holds));
  if (parseAccountDir(given) !== undefined) held.add("accountKey");
  const missing = Object.entries(NEEDED).filter(([component]) => !held.has(component as Component));
  if (missing.length > 0)
    given.wrong("file", `these files cannot hold ${missing.map(([, what]) => what).join(", ")}.`, {
      hint: `Name account_key.json, key.pem and fullchain.pem, for example, or leave out ${given.write({ file: true })} altogether.`,
    });
  return place;
}

/** What every set must hold; the registration can be found again by the account's key. */
const NEEDED = {
  accountKey: "the account's key",
  key: "the certificate's key",
  leaf: "the certificate",
  chain: "its chain",
} satisfies Partial<Record<Component, string>>;

/** The files of a set, each once. */
function parseFormats(given: Given): FormatName[] {
  if (!given.has("file")) return DEFAULT_FORMATS;
  const chosen = new Set<FormatName>();
  for (const value of given.list("file")) {
    const format = FORMAT_NAMES.find((name) => name === value);
    if (format !== undefined) chosen.add(format);
    else
      given.wrong("file", "this file cannot be chosen.", {
        value,
        hint: entryOf(ELSEWHERE, value)?.(given) ?? `The files are ${FORMAT_NAMES.join(", ")}.`,
      });
  }
  return [...chosen];
}

/** What to do instead of naming these. */
const ELSEWHERE: Record<string, ((given: Given) => string) | undefined> = {
  "external.sh": () =>
    "This program runs no hooks: choose files, and run your program after exit code 0.",
  [PKCS12_FILE]: ({ write }) =>
    `It needs a password: give ${write({ pkcs12_password_file: "FILE" })} instead of ${write({ file: PKCS12_FILE })}.`,
};

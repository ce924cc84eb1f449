import { resolve } from "node:path";
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
import type { Options } from "./options.ts";

/** The folder of the set, or the folder that contains the sets. */
export function parseDir(given: Given): string {
  return given.path("certs_dir") ?? given.cwd;
}

/** The folder from the verb's operand or from `--certs_dir`. Both together are a mistake. */
export function parseRoot(given: Given, operand: string | undefined, argv: Options): string {
  if (operand === undefined) return parseDir(given);
  if (argv.certs_dir !== undefined)
    given.wrong("certs_dir", `the folder was given as ${operand} already.`, {
      value: given.text("certs_dir"),
      hint: "Leave out one of the two.",
    });
  return resolve(given.cwd, operand);
}

/** The folder of shared accounts; undefined if each set has its own account. */
export function parseAccountDir(given: Given): string | undefined {
  return given.path("account_dir");
}

export function parsePlace(given: Given): Omit<Place, "pkcs12"> {
  const isShared = parseAccountDir(given) !== undefined;
  return {
    dir: parseDir(given),
    formats: parseFormats(given).filter((name) => !(isShared && isAccountFile(name))),
    keyMode: parseKeyMode(given),
    owner: parseFileOwner(given),
  };
}

/** The place of a whole set. It is a mistake if these files cannot hold all that a set needs. */
export function parseWholePlace(given: Given): Omit<Place, "pkcs12"> {
  const place = parsePlace(given);
  // The file with a wrong name may be the one that is missing.
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

/**
 * What every set must hold. The registration is not needed: the CA finds it by the account's key.
 */
const NEEDED = {
  accountKey: "the account's key",
  key: "the certificate's key",
  leaf: "the certificate",
  chain: "its chain",
} satisfies Partial<Record<Component, string>>;

/** The chosen files, without duplicates. */
function parseFormats(given: Given): FormatName[] {
  const chosen = new Set<FormatName>();
  for (const value of given.list("file")) {
    const format = FORMAT_NAMES.find((name) => name === value);
    const elsewhere = entryOf(ELSEWHERE, value)?.(given);
    const text = "this file cannot be chosen.";
    if (format !== undefined) chosen.add(format);
    else if (elsewhere !== undefined) given.wrong("file", text, { value, hint: elsewhere });
    else {
      const hint = `The files are ${FORMAT_NAMES.join(", ")}.`;
      given.unknown("file", value, FORMAT_NAMES, { text, hint });
    }
  }
  return [...chosen];
}

/** What users should do instead of choosing these files. */
const ELSEWHERE: Record<string, ((given: Given) => string) | undefined> = {
  "external.sh": () =>
    "This program runs no hooks: choose files, and run your program after exit code 0.",
  [PKCS12_FILE]: ({ write }) =>
    `It needs a password: give ${write({ pkcs12_password_file: "FILE" })} instead of ${write({ file: PKCS12_FILE })}.`,
};

/** The mode of files that contain a key, in octal as for chmod. */
export function parseKeyMode(given: Given): number | undefined {
  const value = given.text("key_mode");
  if (value === undefined) return undefined;
  const mode = Number.parseInt(value, 8);
  if (!/^0?[0-7]{3}$/.test(value) || (mode & 0o600) !== 0o600)
    given.wrong("key_mode", "write three octal digits that let the owner read and write.", {
      value,
      hint: "0600 and 0640 are usual.",
    });
  return mode;
}

/** The kernel reads the largest 32-bit number as "do not change". */
const LARGEST_ID = 2 ** 32 - 2;

/** The owner of the files, as for chown, but with numbers only. */
export function parseFileOwner(given: Given): Place["owner"] {
  const value = given.text("owner");
  if (value === undefined) return undefined;
  const [, user, group] = /^(\d{1,10})(?::(\d{1,10}))?$/.exec(value) ?? [];
  const uid = Number(user);
  const gid = group === undefined ? undefined : Number(group);
  if (uid <= LARGEST_ID && (gid ?? 0) <= LARGEST_ID) return { uid, gid };
  given.wrong("owner", "write UID or UID:GID, in numbers.", {
    value,
    hint: "To find them, run id -u NAME and id -g NAME.",
  });
  return undefined;
}

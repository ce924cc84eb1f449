import { resolve } from "node:path";
import type { Import } from "../commands/account/import.ts";
import { flagOf } from "./dialect.ts";
import type { Given } from "./given.ts";
import { parseListen } from "./listen.ts";
import { parseRootless } from "./method.ts";
import { isFor, OPTION_NAMES, type OptionName, type Options, specOf } from "./options.ts";
import { DIRECTORIES } from "../acme/authorities.ts";
import { parseEmail } from "./email.ts";
import { parseKeep, parseValues } from "./target.ts";

/**
 * What to import from a folder. `argv` has the options of the command line, without the
 * environment.
 */
export function parseImport(given: Given, folder: string, argv: Options): Import {
  const { ask } = parseValues(given);
  // The import prints a command for the renewal. These options are read only to find mistakes in
  // it.
  for (const read of [parseRootless, parseEmail]) read(given);
  parseListen(given);
  return {
    from: resolve(given.cwd, folder),
    wanted: given.list("vhost"),
    server: given.has("server") ? ask.from[0] : undefined,
    known: Object.values(DIRECTORIES),
    keep: { ...parseKeep(given), pkcs12: undefined },
    words: renewalWords(argv),
  };
}

/**
 * The options to repeat in the command for the renewal. Names are left out: the certificate has
 * them. Secrets are replaced by a placeholder.
 */
function renewalWords(argv: Options): string[] {
  return OPTION_NAMES.filter(isForRenewal).flatMap((name) => {
    const { value: what = "", secret, repeatable } = specOf(name);
    const given = [argv[name] ?? []].flat();
    // If an option is not repeatable, the last value wins.
    return given
      .slice(repeatable ? 0 : -1)
      .flatMap((value) => [
        flagOf(name),
        ...(typeof value === "string" ? [secret ? what : value] : []),
      ]);
  });
}

function isForRenewal(name: OptionName): boolean {
  return name !== "vhost" && isFor(name, "account import") && specOf(name).verbs !== "all";
}

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

/** What is to be imported from a folder; `argv`: the options of the command line alone. */
export function parseImport(given: Given, folder: string, argv: Options): Import {
  const { ask } = parseValues(given);
  // The command that is told must be one that can be understood.
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

/** What the renewal has to be given again; the names are the certificate's, and secrets are not shown. */
function renewalWords(argv: Options): string[] {
  return OPTION_NAMES.filter(isForRenewal).flatMap((name) => {
    const { value: what = "", secret, repeatable } = specOf(name);
    const given = [argv[name] ?? []].flat();
    // Of the others the last one counts.
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

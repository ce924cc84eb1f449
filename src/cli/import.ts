import { resolve } from "node:path";
import { DIRECTORIES } from "../acme/authorities.ts";
import type { Import } from "../commands/import.ts";
import { flagOf } from "./dialect.ts";
import type { Given } from "./given.ts";
import { parseRootless } from "./method.ts";
import { isForAll, isHeeded, OPTION_NAMES, type OptionName, specOf } from "./options.ts";
import { parseKeep, parseValues } from "./target.ts";
import { parseEmail, parseListen } from "./values.ts";
import type { Options } from "./words.ts";

/** What is to be imported from a folder; `argv`: the options of the command line alone. */
export function parseImport(folder: string | undefined, given: Given, argv: Options): Import {
  if (folder === undefined)
    given.wrong(undefined, "There is no folder to import from.", {
      hint: "Write account import DIR, and options after it.",
    });
  const { ask } = parseValues(given);
  // The command that is told must be one that can be understood.
  for (const read of [parseRootless, parseListen, parseEmail]) read(given);
  return {
    from: resolve(given.cwd, folder ?? ""),
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
  return name !== "vhost" && isHeeded(name, "account import") && !isForAll(name);
}

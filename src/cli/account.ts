import type { AccountErrand } from "../commands/account.ts";
import type { AccountRef } from "../core/account.ts";
import { parseServers } from "./server.ts";
import { parsePlace } from "./target.ts";
import { usage } from "./usage.ts";
import { parseAccountKey, parseEmail } from "./values.ts";
import { listOf, numberOf, type Options, textOf } from "./words.ts";

/** The account that the options mean; its key's file need not be named. */
export function parseAccount(options: Options, cwd: string): AccountRef {
  const { keep, ...owner } = parseOwner(options, cwd);
  const formats = new Set(["account_key.json" as const, ...keep.formats]);
  return { ...owner, keep: { ...keep, formats: [...formats] } };
}

/** Whose set the options mean. */
export function parseOwner(options: Options, cwd: string): AccountRef {
  return {
    from: parseServers(listOf(options, "server"))[0],
    contact: parseEmail(textOf(options, "email")),
    keep: parsePlace(options, cwd),
  };
}

export function parseShow(options: Options, cwd: string): AccountErrand {
  return {
    doing: "show",
    account: parseAccount(options, cwd),
    json: options.json === true,
  };
}

export function parseRollover(options: Options, cwd: string): AccountErrand {
  return {
    doing: "rollover",
    account: parseAccount(options, cwd),
    keyType: parseNewKey(options),
  };
}

export function parseDeactivation(
  options: Options,
  cwd: string,
): AccountErrand {
  const account = parseAccount(options, cwd);
  if (options.yes !== true)
    throw usage(
      `account deactivate ends the account in ${account.keep.dir} at ${account.from} for ever; nothing was done.`,
      "Add --yes if that is meant.",
    );
  return { doing: "deactivate", account };
}

/** The kind of a new account key, where one is asked for. */
export function parseNewKey(options: Options) {
  return parseAccountKey(
    numberOf(options, "account_key_size"),
    numberOf(options, "account_key_public_exponent"),
  );
}

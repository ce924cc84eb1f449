import type { AccountRef } from "../core/account/folder.ts";
import type { Revocation } from "../core/revoke.ts";
import type { Given } from "./given.ts";
import { parseAccountDir, parsePlace } from "./files.ts";
import { parseReason } from "./reason.ts";
import { parseServers } from "./ca.ts";
import { parseEmail } from "./email.ts";

/** The account that the options select. The set need not list `account_key.json`. */
export function parseAccount(given: Given): AccountRef {
  const { keep, from, account } = parseOwner(given);
  const formats = new Set(["account_key.json" as const, ...keep.formats]);
  return { from: from[0], account, keep: { ...keep, formats: [...formats] } };
}

function parseOwner(given: Given) {
  return {
    from: parseServers(given),
    account: { dir: parseAccountDir(given), contact: parseEmail(given) },
    keep: parsePlace(given),
  };
}

export function parseRevocation(given: Given): Revocation {
  return { ...parseOwner(given), reason: parseReason(given) };
}

/** The account to deactivate, which cannot be undone. Without `--yes` this is a mistake. */
export function parseDeactivation(given: Given): { account: AccountRef } {
  const account = parseAccount(given);
  if (!given.flag("yes"))
    given.wrong(
      undefined,
      `account deactivate ends the account in ${account.keep.dir} at ${account.from} for ever. Nothing was done.`,
      { hint: `If you mean it, add ${given.write({ yes: true })}.` },
    );
  return { account };
}

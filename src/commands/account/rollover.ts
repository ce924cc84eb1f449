import type { AccountRef } from "../../core/account/folder.ts";
import { rollOverAccount } from "../../core/account/manage.ts";
import { makeKey, typeOf } from "../../core/keys.ts";
import type { KeyType } from "../../core/target.ts";
import { thumbprintOf } from "../../jwk.ts";
import { caContextOf } from "../network.ts";
import type { Run } from "../run.ts";

interface Rollover {
  account: AccountRef;
  /** The type of the new key; undefined: the type of the old one. */
  keyType: KeyType | undefined;
}

/** Replaces the key of one account. */
export const run: Run<Rollover> = async ({ account, keyType }, host) => {
  const { uri, key } = await rollOverAccount(
    account,
    (old) => makeKey(keyType ?? typeOf(old) ?? "ec256"),
    await caContextOf(host.network, host),
  );
  const { dir } = account.keep;
  const subject = { id: dir, names: [], dir };
  return { outcomes: [{ subject, kind: "rolled-over", uri, thumbprint: thumbprintOf(key) }] };
};

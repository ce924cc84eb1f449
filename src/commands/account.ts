import type { KeyObject } from "node:crypto";
import { contactIn } from "../acme/contact.ts";
import type { AccountRef } from "../core/account/folder.ts";
import { deactivateAccount, rollOverAccount, showAccount } from "../core/account/manage.ts";
import { makeKey, typeOf } from "../core/keys.ts";
import type { Outcome } from "../core/outcome.ts";
import type { KeyType } from "../core/target.ts";
import { thumbprintOf } from "../jwk.ts";
import { sayAccount } from "../ui/account.ts";
import { type Network, type Process, caContextOf } from "./network.ts";

/** What to do with an account. */
export type AccountErrand = { account: AccountRef } & (
  | { doing: "show"; json: boolean }
  /** With a new key of this kind; undefined: of the same. */
  | { doing: "rollover"; keyType: KeyType | undefined }
  | { doing: "deactivate" }
);

/** Shows, changes or ends one account. Throws an AppError. */
export async function account(
  errand: AccountErrand,
  network: Network,
  host: Process,
): Promise<Outcome[]> {
  const context = await caContextOf(network, host);
  const { dir } = errand.account.keep;
  const subject = { id: dir, names: [], dir };
  switch (errand.doing) {
    case "show": {
      const { key, registration } = await showAccount(errand.account, context);
      const { uri, body } = registration;
      const view = {
        uri,
        ca: URL.parse(uri)?.host ?? uri,
        key: sayType(key),
        thumbprint: thumbprintOf(key),
        contact: contactIn(body),
      };
      return [{ subject, kind: "told", text: sayAccount(view, errand.json) }];
    }
    case "rollover": {
      const { keyType } = errand;
      const { uri, key } = await rollOverAccount(
        errand.account,
        (old) => makeKey(keyType ?? typeOf(old) ?? "ec256"),
        context,
      );
      const thumbprint = thumbprintOf(key);
      return [{ subject, kind: "rolled-over", uri, thumbprint }];
    }
    case "deactivate": {
      const before = !(await deactivateAccount(errand.account, context));
      return [{ subject, kind: "deactivated", before }];
    }
  }
}

/** As `--key_type` has it. */
function sayType(key: KeyObject): string {
  const type = typeOf(key);
  return typeof type === "object" ? `rsa${type.rsa}` : (type ?? key.asymmetricKeyType ?? "unknown");
}

import type { KeyObject } from "node:crypto";
import { contactIn } from "../../acme/contact.ts";
import type { AccountRef } from "../../core/account/folder.ts";
import { showAccount } from "../../core/account/manage.ts";
import { typeOf } from "../../core/keys.ts";
import { thumbprintOf } from "../../jwk.ts";
import { caContextOf } from "../network.ts";
import type { Run } from "../run.ts";

/** Looks up one account at its CA. */
export const run: Run<{ account: AccountRef }> = async ({ account }, host) => {
  const { key, registration } = await showAccount(account, await caContextOf(host.network, host));
  const { uri, body } = registration;
  return {
    answer: {
      kind: "account",
      account: {
        uri,
        ca: URL.parse(uri)?.host ?? uri,
        key: sayType(key),
        thumbprint: thumbprintOf(key),
        contact: contactIn(body),
      },
    },
  };
};

/** The key's type, in the words of `--key_type`. */
function sayType(key: KeyObject): string {
  const type = typeOf(key);
  return typeof type === "object" ? `rsa${type.rsa}` : (type ?? key.asymmetricKeyType ?? "unknown");
}

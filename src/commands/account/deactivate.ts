import type { AccountRef } from "../../core/account/folder.ts";
import { deactivateAccount } from "../../core/account/manage.ts";
import { caContextOf } from "../network.ts";
import type { Run } from "../run.ts";

/** Ends one account for ever. */
export const run: Run<{ account: AccountRef }> = async ({ account }, host) => {
  const before = !(await deactivateAccount(account, await caContextOf(host.network, host)));
  const { dir } = account.keep;
  return { outcomes: [{ subject: { id: dir, names: [], dir }, kind: "deactivated", before }] };
};

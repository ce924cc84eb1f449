import { type AccountRef, deactivateAccount } from "../../core/account.ts";
import { reachOf } from "../network.ts";
import type { Run } from "../run.ts";

/** Ends one account for ever. */
export const run: Run<{ account: AccountRef }> = async ({ account }, host) => {
  const before = !(await deactivateAccount(account, await reachOf(host.network, host)));
  const { dir } = account.keep;
  return { outcomes: [{ subject: { id: dir, names: [], dir }, kind: "deactivated", before }] };
};

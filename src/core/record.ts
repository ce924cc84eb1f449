import { relative } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { recordMethod } from "./method.ts";
import type { Draft, Target } from "./target.ts";

/**
 * The target as plain data, for later runs. It lacks `force`, which is for one run only, and
 * secrets: only their files are named. The folder of accounts is relative to the set's.
 */
export function record({ source, want, ask, keep }: Target | Draft): object {
  const { account, method, ...asked } = ask;
  const { kid, file } = account.binding ?? {};
  const { dir, formats, keyMode, owner, pkcs12 } = keep;
  const plain = {
    source,
    // Records of earlier versions lack it, and must stay equal.
    want: { ...want, force: undefined, allowPartial: want.allowPartial || undefined },
    ask: {
      ...asked,
      contact: account.contact,
      accountKey: account.key,
      binding: file === undefined ? undefined : { kid, file },
      method: recordMethod(method),
    },
    keep: {
      formats,
      keyMode,
      owner,
      accounts: account.dir && relative(dir, account.dir),
      pkcs12: pkcs12 && { file: pkcs12.file },
    },
  };
  return JSON.parse(JSON.stringify(plain)) as object;
}

/** Whether the recorded target equals this one. */
export function isRecorded(recorded: unknown, target: Target): boolean {
  return isDeepStrictEqual(recorded, record(target));
}

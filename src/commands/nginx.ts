import type { AccountRef } from "../core/account/folder.ts";
import type { KeyType } from "../core/target.ts";
import { proxyInclude, statelessInclude } from "../handoff/nginx.ts";
import { thumbprintOf } from "../jwk.ts";
import { caContextOf } from "./network.ts";
import type { Host, Run } from "./run.ts";

/** An include for nginx: it forwards to a responder, or answers for an account. */
export type Include =
  | { kind: "proxy"; to: string }
  /** `keyType` is for a new key, if there is none yet. */
  | { kind: "stateless"; account: AccountRef; keyType: KeyType | undefined };

export const run: Run<Include> = async (include, host) => {
  const text =
    include.kind === "proxy" ? proxyInclude(include.to) : await answeringFor(include, host);
  return { answer: { kind: "text", text } };
};

async function answeringFor(
  { account, keyType }: Extract<Include, { kind: "stateless" }>,
  host: Host,
): Promise<string> {
  // Loaded only here, as the other kind of include does not talk to a CA.
  const { accountKeyOf } = await import("../core/account/manage.ts");
  const reach = await caContextOf(host.network, host);
  return statelessInclude(thumbprintOf(await accountKeyOf(account, keyType, reach)));
}

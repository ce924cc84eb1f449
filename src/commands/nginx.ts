import type { AccountRef } from "../core/account/folder.ts";
import type { Outcome } from "../core/outcome.ts";
import type { KeyType } from "../core/target.ts";
import { proxyInclude, statelessInclude } from "../handoff/nginx.ts";
import { thumbprintOf } from "../jwk.ts";
import { type Network, type Process, caContextOf } from "./network.ts";

/** An include for nginx: one that forwards, or one that answers for an account. */
export type Include =
  | { kind: "proxy"; to: string }
  /** The kind of its key, where it has to be made. */
  | { kind: "stateless"; account: AccountRef; keyType: KeyType | undefined };

/** Tells the include. Throws an AppError. */
export async function nginx(include: Include, network: Network, host: Process): Promise<Outcome[]> {
  const text =
    include.kind === "proxy"
      ? proxyInclude(include.to)
      : await answeringFor(include, network, host);
  const subject = { id: "nginx", names: [], dir: "" };
  return [{ subject, kind: "told", text }];
}

async function answeringFor(
  { account, keyType }: Extract<Include, { kind: "stateless" }>,
  network: Network,
  host: Process,
): Promise<string> {
  // The other include needs nothing that talks to a CA.
  const { accountKeyOf } = await import("../core/account/manage.ts");
  const context = await caContextOf(network, host);
  return statelessInclude(thumbprintOf(await accountKeyOf(account, keyType, context)));
}

import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openDns01 } from "../../src/challenge/dns/dns-01.ts";
import { type ExecSettings, openExec } from "../../src/challenge/dns/exec.ts";
import type { Propagation } from "../../src/challenge/dns/propagation.ts";
import { openZoneQueue } from "../../src/challenge/dns/queue.ts";
import type { Records } from "../../src/challenge/dns/records.ts";
import type { ChallengeEvent, Responder } from "../../src/challenge/responder.ts";
import { type Dns, startDns } from "../support/dns.ts";
import { dnsHook, type Hook } from "../support/hook.ts";
import { missing } from "../support/tools.ts";

export const never = new AbortController().signal;
export const skip = missing("pebble-challtestsrv");
export const linger = () => ({ [Symbol.dispose]: () => undefined });
/** Of `answer("a.test")`: base64url(SHA-256("token-of-a-test.thumbprint")). */
export const DIGEST = "itLfVtUM_cQPFjUv3KKP6dIGIoabDYS632H7qqDZE70";

/** A DNS server, a program that sets records there, and both ways to use it. */
export interface DnsSetting extends AsyncDisposable {
  dns: Dns;
  hook: Hook;
  events: ChallengeEvent[];
  /** The DNS server, as one to ask. */
  resolvers: Propagation["resolvers"];
  provider(
    settings?: { script?: string | undefined; timeout?: number },
    env?: Record<string, string>,
  ): Promise<Records>;
  open(
    settings?: Partial<ExecSettings & Propagation>,
    env?: Record<string, string>,
  ): Promise<Responder>;
}

export async function dnsSetting(): Promise<DnsSetting> {
  await using stack = new AsyncDisposableStack();
  const dns = stack.use(await startDns());
  const hook = stack.use(dnsHook(dns.managementUrl));
  const [host = "", port] = dns.address.split(":");
  const resolvers = [{ host, port: Number(port) }];
  const events: ChallengeEvent[] = [];
  const told = { emit: (event: ChallengeEvent) => events.push(event), linger };
  const provider: DnsSetting["provider"] = ({ script = hook.file, timeout = 30_000 } = {}, env) =>
    openExec({ script }, { ...told, timeout, env: { ...process.env, ...hook.env, ...env } });
  const all = stack.move();
  return {
    ...{ dns, hook, events, resolvers },
    provider,
    async open({ script, ...more } = {}, env) {
      const propagation = { timeout: 30_000, resolvers, ...more };
      const records = await provider({ script, timeout: propagation.timeout }, env);
      return openDns01(records, propagation, { ...told, queue: openZoneQueue() });
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** A program of a few lines of shell. */
export function script(dir: string, text: string): string {
  const file = join(dir, "program");
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
  return file;
}

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { isIPv6 } from "node:net";
import { randomInt } from "node:crypto";
import packet from "dns-packet";
import type { Server } from "../challenge/dns/resolver.ts";
import { SECOND } from "../time.ts";

/** The limit for one server, in milliseconds. */
const PATIENCE = 3 * SECOND;

/**
 * Whether a server that answered with SERVFAIL gives an answer when it is asked not to check
 * signatures (the CD bit, RFC 4035 section 3.2.2). Node.js cannot set this bit.
 */
export async function isSignatureBroken(
  name: string,
  servers: readonly Server[],
): Promise<boolean> {
  for (const { address } of servers) {
    const rcode = await rcodeOf(name, address).catch(() => undefined);
    if (rcode !== undefined) return rcode === "NOERROR" || rcode === "NXDOMAIN";
  }
  return false;
}

async function rcodeOf(name: string, server: string): Promise<string | undefined> {
  const [, host = "", port = "53"] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(hostPort(server)) ?? [];
  const id = randomInt(65_536);
  const question = packet.encode({
    ...{ type: "query", id },
    flags: packet.RECURSION_DESIRED | packet.CHECKING_DISABLED,
    questions: [{ type: "A", name }],
  });
  const socket = createSocket(isIPv6(host) ? "udp6" : "udp4");
  const signal = AbortSignal.timeout(PATIENCE);
  try {
    // A connected socket takes packets from this server only.
    socket.connect(Number(port), host);
    await once(socket, "connect", { signal });
    socket.send(question);
    for (;;) {
      const [message] = (await once(socket, "message", { signal })) as [Buffer];
      // The types of this package lack the code, which it reads.
      const answer = packet.decode(message) as packet.DecodedPacket & { rcode?: string };
      if (answer.id === id) return answer.rcode;
    }
  } finally {
    socket.close();
  }
}

/** An IPv6 address without a port has no brackets. */
function hostPort(server: string): string {
  return isIPv6(server) ? `[${server}]` : server;
}

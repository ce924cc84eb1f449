import { once } from "node:events";
import { Agent, type ClientRequest, request } from "node:http";
import { buffer } from "node:stream/consumers";
import { eventually } from "../support/wait.ts";

export interface Visitors extends AsyncDisposable {
  /** Resolves when each of them has been served once more from now on. */
  served(): Promise<void>;
  /** What was not the page, in words. */
  failures: string[];
  /** How many pages they got. */
  pages(): number;
}

const PER_KIND = 3;

/** People who ask for a page again and again, some on new connections, some on one that they keep. */
export function startVisitors(url: string, page: string): Visitors {
  const failures: string[] = [];
  const counts: number[] = [];
  const leave = new AbortController();
  const agents: Agent[] = [];

  const visit = async (keepAlive: boolean) => {
    const number = counts.push(0) - 1;
    const agent = new Agent({ keepAlive, maxSockets: 1 });
    agents.push(agent);
    while (!leave.signal.aborted) {
      try {
        const reply = await fetchPage(url, agent);
        if (reply !== `200 ${page}`) failures.push(reply);
      } catch (error) {
        failures.push(String(error));
      }
      counts[number] = (counts[number] ?? 0) + 1;
    }
  };
  const kinds = Array.from({ length: 2 * PER_KIND }, (_, index) => index % 2);
  const visits = kinds.map((kind) => visit(kind === 0));
  return {
    failures,
    pages: () => counts.reduce((sum, count) => sum + count, 0),
    async served() {
      const before = [...counts];
      // What was under way may have been answered before.
      await eventually("a page for every visitor", () =>
        counts.every((count, index) => count > (before[index] ?? 0) + 1),
      );
    },
    async [Symbol.asyncDispose]() {
      leave.abort();
      await Promise.all(visits);
      for (const agent of agents) agent.destroy();
    },
  };
}

async function fetchPage(url: string, agent: Agent): Promise<string> {
  const sent = request(url, { agent }).end();
  try {
    return await replyTo(sent);
  } catch (error) {
    // A server may close an idle connection while a request is on its way to it. Every client
    // asks again on a new one then (RFC 9112 section 9.3.1), as does this one, once.
    const closed = (error as NodeJS.ErrnoException).code === "ECONNRESET";
    if (!sent.reusedSocket || !closed) throw error;
    return replyTo(request(url, { agent: new Agent() }).end());
  }
}

async function replyTo(sent: ClientRequest): Promise<string> {
  const [message] = (await once(sent, "response")) as [
    AsyncIterable<Buffer> & { statusCode: number },
  ];
  const body = await buffer(message);
  return `${message.statusCode} ${body.toString()}`;
}

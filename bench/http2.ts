/**
 * Orders a certificate for many names, and fetches the authorizations of the order:
 *
 *   node bench/http2.ts http/1.1|h2 LANES NAMES DIRECTORY_URL CA_FILE
 *
 * LANES requests are under way at once, each with a nonce of its own: on so many connections with
 * HTTP/1.1, and on one with HTTP/2. It shows what HTTP/2 would be worth, and is no ACME client.
 */
import { generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:http2";
import { Agent, request as httpsRequest } from "node:https";
import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { idsOf, nameOf } from "./names.ts";

interface Reply {
  nonce: string;
  location: string;
  body: string;
}

type Directory = Record<"newNonce" | "newAccount" | "newOrder", string>;

type Headers = Partial<Record<string, string | string[] | number>>;

type Send = (method: "GET" | "HEAD" | "POST", url: string, body?: string) => Promise<Reply>;

const JOSE = { "content-type": "application/jose+json", "user-agent": "acme-sidecar-bench" };
const { positionals } = parseArgs({ allowPositionals: true });
const [protocol, lanes = "", names = "", directoryUrl = "", caFile = ""] = positionals;
const ca = readFileSync(caFile);
const { send, close } = protocol === "h2" ? http2(new URL(directoryUrl).origin) : http1();
await fetchAuthorizations(Number(lanes), Number(names));
close();

async function fetchAuthorizations(atOnce: number, count: number): Promise<void> {
  const directory = JSON.parse((await send("GET", directoryUrl)).body) as Directory;
  const { privateKey: key, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const jwk = publicKey.export({ format: "jwk" });
  const first = await send("HEAD", directory.newNonce);
  const account = await post(directory.newAccount, {
    ...{ key, id: { jwk }, nonce: first.nonce },
    payload: { termsOfServiceAgreed: true },
  });
  const id = { kid: account.location };
  const identifiers = idsOf(count).map((one) => ({ type: "dns", value: nameOf(one) }));
  const placed = await post(directory.newOrder, {
    ...{ key, id, nonce: account.nonce },
    payload: { identifiers },
  });
  const { authorizations: left } = JSON.parse(placed.body) as { authorizations: string[] };
  if (left.length !== count) throw new Error(`there are ${left.length} authorizations`);
  const lane = async (given?: string) => {
    let nonce = given ?? (await send("HEAD", directory.newNonce)).nonce;
    for (let url = left.pop(); url !== undefined; url = left.pop()) {
      const reply = await post(url, { key, id, nonce });
      if (!reply.body.includes('"pending"')) throw new Error(reply.body);
      ({ nonce } = reply);
    }
  };
  await Promise.all(
    Array.from({ length: atOnce }, (_, index) => lane(index === 0 ? placed.nonce : undefined)),
  );
}

interface Signed {
  key: KeyObject;
  id: object;
  nonce: string;
  /** Without it, the request is a POST-as-GET. */
  payload?: object;
}

function post(url: string, { key, id, nonce, payload }: Signed): Promise<Reply> {
  const encoded = (value: string | Buffer) => Buffer.from(value).toString("base64url");
  const head = encoded(JSON.stringify({ alg: "ES256", nonce, url, ...id }));
  const body = payload === undefined ? "" : encoded(JSON.stringify(payload));
  const proof = sign("sha256", Buffer.from(`${head}.${body}`), { key, dsaEncoding: "ieee-p1363" });
  return send(
    "POST",
    url,
    JSON.stringify({ protected: head, payload: body, signature: encoded(proof) }),
  );
}

function http1(): { send: Send; close: () => void } {
  const agent = new Agent({ keepAlive: true, maxSockets: Number(lanes), ca });
  return {
    async send(method, url, body) {
      const sent = httpsRequest(url, { agent, method, headers: JOSE }).end(body);
      const [message] = (await once(sent, "response")) as [IncomingMessage];
      return replyOf(message.statusCode, message.headers, await text(message));
    },
    close() {
      agent.destroy();
    },
  };
}

function http2(origin: string): { send: Send; close: () => void } {
  const session = connect(origin, { ca });
  return {
    async send(method, url, body) {
      const { pathname } = new URL(url);
      const stream = session.request({ ":method": method, ":path": pathname, ...JOSE });
      stream.end(body);
      const [headers] = (await once(stream, "response")) as [Headers];
      return replyOf(headers[":status"], headers, await text(stream));
    },
    close() {
      session.close();
    },
  };
}

function replyOf(status: unknown, headers: Headers, body: string): Reply {
  if (Number(status) >= 400) throw new Error(`the CA answers ${String(status)}: ${body}`);
  const of = (name: string) => [headers[name] ?? ""].flat().join();
  return { nonce: of("replay-nonce"), location: of("location"), body };
}

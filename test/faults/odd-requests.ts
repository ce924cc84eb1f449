import { CHALLENGE_PATH } from "../../src/challenge/responder.ts";

const get = (target: string, more = "Host: a.test\r\n") => `GET ${target} HTTP/1.1\r\n${more}\r\n`;

const body = (length: number) => "b".repeat(length);

/** Requests that no CA makes, of none of which an answer may come. */
export function oddRequests(token: string): Buffer[] {
  const path = CHALLENGE_PATH + token;
  const swapped = token.replace(/[a-z]/gi, (letter) =>
    letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
  );
  const targets = [
    ...[`/${body(100_000)}`, CHALLENGE_PATH + body(7_000)],
    ...[CHALLENGE_PATH, `${path}/`, `${path}x`, `${path}%00`, `${path}\0`],
    ...[`/%2e%2e${path}`, `/x/%2e%2e${path}`, `/x/..${path}`, `/.${path}`],
    ...[`/${path}`, `${CHALLENGE_PATH}/${token}`, path.replaceAll("/", "//")],
    ...[path.replaceAll("/", "\\"), path.replaceAll("/", "%2f")],
    ...[`${CHALLENGE_PATH}..%2f..%2f..%2fetc%2fpasswd`],
    ...[`${CHALLENGE_PATH}../../../../etc/passwd`, "/etc/passwd", "/proc/self"],
    ...[`http://a.test${path}`, `https://b.test:443${path}`, "http://["],
    ...["http://a:b:c/", "a.test:80", "*", "", "?", "#", `${path}?`],
    ...[`${path}#x`, CHALLENGE_PATH + swapped, `${path};x`, ` ${path} x`],
    ...[`${CHALLENGE_PATH}__proto__`, `${CHALLENGE_PATH}constructor`],
    ...["CONNECT", "TRACE", "OPTIONS", "POST", "PUT", "BREW"],
  ];
  const requests = targets.map((target) => get(target));
  for (const method of ["POST", "PUT", "OPTIONS", "TRACE", "CONNECT", "PRI"])
    requests.push(
      get(path).replace("GET", method),
      get(path, `Host: a.test\r\nContent-Length: 1000000000\r\n`).replace(
        ...(["GET", method] as const),
      ) + body(1_000),
    );
  requests.push(
    get(path, ""),
    get(path, "Host: a.test\r\nHost: b.test\r\n").replace("GET", "POST"),
    get(path, `X: ${body(20_000)}\r\nHost: a.test\r\n`),
    get(path, "X: y\r\n".repeat(5_000)),
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0",
    "\u0016\u0003\u0001\u0002\0\u0001\0\u0001\u00fc\u0003\u0003" + body(500),
    `POST ${path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n${body(1_000)}`,
    `POST ${path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc`,
    `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n${body(1_000_000)}`,
    `GET ${path} HTTP/9.9\r\nHost: a\r\n\r\n`,
    ...["", "\0", "\r\n\r\n", "\n".repeat(10_000), body(50_000)],
  );
  return requests.map((text) => Buffer.from(text, "latin1"));
}

/** Ways of asking that are odd, but whose answer is this token's or none. */
export function lenientRequests(token: string): Buffer[] {
  const path = CHALLENGE_PATH + token;
  return [
    get(path, "Host: b.test\r\n"),
    get(path, "Host: a.test\r\nHost: b.test\r\n"),
    get(path, "Host: \r\n"),
    `GET ${path}\r\n`,
    `GET ${path}\r\n\r\n`,
    `GET ${path} HTTP/1.0\r\n\r\n`,
    get(path, "Host: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"),
    get(path, "Host: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"),
    get(path, "Host: a\r\nContent-Length: 3\r\n") + "abc",
    get(path, "Host: a\r\nTransfer-Encoding: chunked\r\n") + "3\r\nabc\r\n0\r\n\r\n",
    get(path, "Host: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n"),
    get(path).repeat(100),
    (get("/junk") + get(path)).repeat(50),
  ].map((text) => Buffer.from(text, "latin1"));
}

/** A usual request with some of it changed, doubled or cut off. */
export function mutated(token: string, random: () => number): Buffer {
  const usual = get(CHALLENGE_PATH + token, "Host: a.test\r\nAccept: */*\r\n");
  let bytes = Buffer.from(usual, "latin1");
  const spot = () => Math.floor(random() * bytes.length);
  for (let change = Math.floor(random() * 4); change >= 0; change -= 1) {
    const at = spot();
    const kind = Math.floor(random() * 4);
    if (kind === 0) bytes[at] = Math.floor(random() * 256);
    else if (kind === 1) bytes = bytes.subarray(0, at + 1);
    else if (kind === 2) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(spot())]);
    else bytes = Buffer.concat([bytes, bytes.subarray(at)]);
  }
  return bytes;
}

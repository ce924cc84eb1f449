import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import type { Asked, Evidence, TxtState } from "../../src/challenge/evidence.ts";
import type { ChallengeType } from "../../src/challenge/responder.ts";
import { REASONS } from "../../src/core/reasons.ts";
import { rejected } from "../../src/core/rejected.ts";
import type { Name } from "../../src/name.ts";

const NAME = "a.test" as Name;
const URL_OF = `http://${NAME}/.well-known/acme-challenge/token`;
/** The page that nginx sends, in Boulder's quotes. */
const PAGE = String.raw`\"<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n<center><h1>404 Not Found</h1></center>\r\n<hr><center>nginx/1.22.1</center>\r\n`;

interface Said {
  problem: string;
  detail: string;
  seen?: Evidence;
  type?: ChallengeType;
}

/** How a failure is explained that a CA reports in these words. */
function explained({ problem, detail, seen, type = "http-01" }: Said) {
  const error = { type: problem, detail, subproblems: [] };
  const authorization = {
    ...{ url: "", status: "invalid", name: NAME, challenges: [], records: [], error },
  };
  const evidence = seen === undefined ? {} : { evidence: new Map([[NAME, seen]]) };
  const { hint, problems } = rejected([{ name: NAME, authorization }], { type, ...evidence });
  assert.equal(problems[0]?.hint, hint);
  return { cause: problems[0]?.cause, hint: hint ?? "" };
}

const none = () => ({ count: 0, from: [], hosts: [] });
const asked = (some: Partial<Asked> = {}): Evidence => ({
  asked: { answered: none(), misplaced: none(), unknown: none(), elsewhere: none(), ...some },
});
const once = { count: 1, from: ["192.0.2.7"], hosts: ["a.test"] };
const record = (state: Partial<TxtState>): Evidence => ({
  record: { fqdn: "_acme-challenge.a.test", wanted: "new", servers: [], ...state },
});

/** The words of Boulder, and what we saw; and how the explanation starts. */
const WORDS: readonly (Said & { cause: string; starts: string })[] = [
  {
    problem: "unauthorized",
    detail: `192.0.2.1: Invalid response from ${URL_OF}: 404`,
    seen: asked(),
    cause: "not-forwarded",
    starts: "Nobody asked this program: the web server at 192.0.2.1 answered 404 itself, and does",
  },
  {
    problem: "unauthorized",
    detail: `192.0.2.1: Invalid response from ${URL_OF}: ${PAGE}\\"`.replaceAll('\\"', '"'),
    seen: asked(),
    cause: "not-forwarded",
    starts:
      "Nobody asked this program: the web server at 192.0.2.1 answered a web page (nginx/1.22.1)",
  },
  {
    problem: "unauthorized",
    detail: `192.0.2.1: The key authorization file from the server did not match this challenge. Expected "token-of-the-ca.x" (got "token-of-the-ca.${"y".repeat(43)}")`,
    seen: asked({ answered: once }),
    cause: "other-account",
    starts:
      "This program answered once (from 192.0.2.7), and something else at 192.0.2.1 answered for another ACME account.",
  },
  {
    problem: "unauthorized",
    detail: `During secondary validation: 192.0.2.1: Invalid response from ${URL_OF}: 403`,
    seen: asked({ answered: { ...once, count: 2 } }),
    cause: "some-places",
    starts:
      "The CA asks from several places in the world: one got the answer (this program answered 2 times (from 192.0.2.7)), and others did not. Open port 80 to every country",
  },
  {
    problem: "connection",
    detail: `During secondary validation: 192.0.2.1: Fetching ${URL_OF}: Timeout during connect (likely firewall problem)`,
    seen: asked({ answered: once }),
    cause: "some-places",
    starts: "The CA asks from several places in the world",
  },
  {
    problem: "connection",
    detail: `2001:db8::1: Fetching ${URL_OF}: Timeout during connect (likely firewall problem)`,
    seen: asked(),
    cause: "timeout",
    starts: "The CA could not connect: port 80 at 2001:db8::1 does not reply. Open port 80",
  },
  {
    problem: "connection",
    detail: `192.0.2.1: Fetching ${URL_OF}: Connection refused`,
    seen: asked({ answered: once }),
    cause: "partly-reached",
    starts:
      "This program answered once (from 192.0.2.7), but another connection of the CA at 192.0.2.1 failed.",
  },
  {
    problem: "connection",
    detail: `192.0.2.1: Fetching ${URL_OF}: Connection reset by peer`,
    seen: asked(),
    cause: "unreachable",
    starts: "The CA got no answer at 192.0.2.1, and never asked this program.",
  },
  {
    problem: "dns",
    detail: `DNS problem: NXDOMAIN looking up A for ${NAME} - check that a DNS record exists for this domain`,
    seen: asked(),
    cause: "no-address",
    starts: `The CA found no public address for ${NAME} in DNS. Add an A`,
  },
  {
    problem: "dns",
    detail: `no valid A records found for ${NAME}; no valid AAAA records found for ${NAME}`,
    cause: "no-address",
    starts: `The CA found no public address for ${NAME} in DNS.`,
  },
  {
    problem: "dns",
    detail: `DNS problem: SERVFAIL looking up A for ${NAME} - the domain's nameservers may be malfunctioning`,
    cause: "dns-failed",
    starts: `The name servers of ${NAME} do not answer the CA well. Check them, and DNSSEC`,
  },
  {
    problem: "caa",
    detail: `While processing CAA for ${NAME}: DNS problem: SERVFAIL looking up CAA for ${NAME}`,
    cause: "dns-failed",
    starts: `The name servers of ${NAME} do not answer the CA well.`,
  },
  {
    problem: "caa",
    detail: `CAA record for ${NAME} prevents issuance`,
    seen: asked({ answered: once }),
    cause: "caa-forbids",
    starts:
      "CAA records in DNS say which CAs may issue for the name, and this one may not. The CAA records of the name",
  },
  {
    problem: "rateLimited",
    detail: "too many failed authorizations (5) for this name in the last 1h",
    cause: "ca-refused",
    starts: "Wait until the limit ends",
  },
  {
    problem: "tls",
    detail: `192.0.2.1: Fetching https://${NAME}/x: remote error: tls: handshake failure`,
    seen: asked(),
    cause: "redirect-tls",
    starts: `The web server redirects the challenge to https://${NAME}, where TLS fails. Leave /.well-known/acme-challenge/ out of`,
  },
  {
    problem: "connection",
    detail: `192.0.2.1: Fetching ${URL_OF}: Redirect loop detected`,
    seen: asked(),
    cause: "redirect-loop",
    starts: "The web server redirects the challenge in a loop, or too often. Leave /.well-known/",
  },
  {
    problem: "connection",
    detail: `192.0.2.1: Fetching http://${NAME}:8080/: Invalid port in redirect target. Only ports 80 and 443 are supported, not 8080`,
    seen: asked(),
    cause: "redirect-port",
    starts:
      "The web server redirects the challenge to where CAs do not follow: they follow http and",
  },
  {
    problem: "unauthorized",
    detail: `192.0.2.1: Invalid response from ${URL_OF}: 404`,
    seen: { stateless: true },
    cause: "stateless",
    starts:
      "The web server at 192.0.2.1 answered 404, and not for this account. The web server must",
  },
  {
    problem: "unauthorized",
    detail: `192.0.2.1: Invalid response from ${URL_OF}: 404`,
    cause: "unknown",
    starts: "Open http://NAME/.well-known/acme-challenge/ from outside",
  },
  {
    type: "dns-01",
    problem: "unauthorized",
    detail: "No TXT record found at _acme-challenge.a.test",
    seen: record({ servers: [{ server: "ns1 (192.0.2.1)", values: [] }, { server: "ns2" }] }),
    cause: "txt-missing",
    starts: "ns1 (192.0.2.1) has no TXT record of _acme-challenge.a.test. Check that the program",
  },
  {
    type: "dns-01",
    problem: "unauthorized",
    detail: 'Incorrect TXT record "old" found at _acme-challenge.a.test',
    seen: record({
      servers: [
        { server: "ns1", values: [] },
        { server: "ns2", values: ["old", "older"] },
      ],
    }),
    cause: "txt-other",
    starts:
      "DNS does not have the value of this order as TXT record of _acme-challenge.a.test: ns1 has none, ns2 has old and 1 more. The program",
  },
  {
    type: "dns-01",
    problem: "dns",
    detail: "DNS problem: NXDOMAIN looking up TXT for _acme-challenge.a.test",
    seen: record({
      servers: [
        { server: "ns1", values: ["new", "old"] },
        { server: "ns2", values: ["old"] },
      ],
    }),
    cause: "txt-partly",
    starts: "The TXT record of _acme-challenge.a.test has not reached ns2; other servers have it.",
  },
  {
    type: "dns-01",
    problem: "unauthorized",
    detail: "No TXT record found at _acme-challenge.a.test",
    seen: record({ alias: "a.acme.test" }),
    cause: "txt-alias",
    starts: "The CA follows an alias (CNAME) to a.acme.test, but the TXT record was set at _acme",
  },
  {
    type: "dns-01",
    problem: "unauthorized",
    detail: "No TXT record found at _acme-challenge.a.test",
    seen: record({ servers: [{ server: "ns1" }] }),
    cause: "txt-silent",
    starts: "No DNS server tells this program now what TXT record _acme-challenge.a.test has.",
  },
];

describe("the words of Let's Encrypt are explained", () => {
  for (const { cause, starts, ...said } of WORDS)
    test(`${cause}: ${said.detail.slice(0, 60)}`, () => {
      const found = explained(said);
      assert.equal(found.cause, cause);
      assert.equal(found.hint.slice(0, starts.length), starts);
      assert.match(found.hint, /^[A-Z_n].*\.$/);
      assert.ok(found.hint.length <= 450, String(found.hint.length));
    });
});

test("what others wrote is short in every explanation, however long it is", () => {
  const long = "x".repeat(60_000);
  const tally = {
    count: 1e9,
    from: Array<string>(5).fill("2001:db8:1111:2222:3333:4444:5555:6666"),
    hosts: [long, long, long],
  };
  const servers = Array.from({ length: 8 }, (_, n) => ({ server: `${n}${long}`, values: [long] }));
  const states: Evidence[] = [
    ...(["answered", "misplaced", "unknown", "elsewhere"] as const).map((kind) =>
      asked({ [kind]: tally }),
    ),
    { file: { path: long, lost: "removed" } },
    { file: { path: long, closed: long } },
    record({ fqdn: long, servers }),
    record({ fqdn: long, alias: long }),
    record({ fqdn: long, wanted: long, servers: servers.slice(0, 5) }),
  ];
  const page = `192.0.2.1: Invalid response from ${URL_OF}: "<center>${"n".repeat(40)}</center>${long}"`;
  const details = [
    page,
    `192.0.2.1: Fetching ${URL_OF}: Connection refused`,
    `Fetching http://${long}.test/x: ${long}`,
    "403",
  ];
  for (const type of ["http-01", "dns-01"] as const)
    for (const problem of ["unauthorized", "connection", "dns", "tls", "caa", "x"])
      for (const detail of details)
        for (const seen of states) {
          const { cause, hint } = explained({ type, problem, detail, seen });
          assert.ok(hint.length <= 600, `${String(cause)} ${hint.length}: ${hint}`);
        }
});

test("docs/validation-failures.md has every cause once, and no other", () => {
  const page = readFileSync("docs/validation-failures.md", "utf8").split("## JSON")[0] ?? "";
  const cells = page.split("\n").map((line) => /\| ([^|]*) \|$/.exec(line)?.[1] ?? "");
  const listed = cells.flatMap((cell) =>
    [...cell.matchAll(/`([a-z-]+)`/g)].map(([, word]) => word),
  );
  const causes = REASONS.map(({ cause }) => cause);
  const inText = ["ca-refused", "unknown"];
  for (const word of inText) assert.ok(page.includes(`\`${word}\``), word);
  assert.deepEqual(
    listed.filter((word) => word !== "cause").sort(),
    causes.filter((word) => !inText.includes(word)).sort(),
  );
});

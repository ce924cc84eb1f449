import { cut } from "../causes.ts";
import { OR_THERE, outOfRedirect, putBlock } from "../challenge/remedies.ts";
import { CHALLENGE_PATH } from "../challenge/responder.ts";
import {
  at,
  fileOf,
  type Findings,
  had,
  isHttp,
  isOf,
  isUnasked,
  isWrong,
  onTheWay,
  type Reason,
  shortName,
  tells,
  usualRemedy,
  what,
  whence,
} from "./findings.ts";
import { LOOK_DNS, TXT_REASONS } from "./txt-reasons.ts";

const FORWARD = `${putBlock()}, or correct the name's A and AAAA records.`;
const ONE_SERVER =
  "All A and AAAA records of the name must lead to one web server that forwards to this program. Look for a second host, a cache or a CDN.";
const OTHER_CLIENT =
  "Let only one ACME client and one host ask for a name, or forward the challenges of all hosts to this one.";
const LOOK_HTTP = `Open http://NAME${CHALLENGE_PATH} from outside: it must reach this program or the webroot, over IPv4 and IPv6.`;
/** What to do if no row fits. */
const UNKNOWN: Reason = {
  cause: "unknown",
  when: () => true,
  says: () => "",
  remedy: (f) => (isHttp(f) ? LOOK_HTTP : LOOK_DNS),
};

/** The causes of failed validations. The first row that fits counts; the last one always does. */
export const REASONS: readonly Reason[] = [
  {
    cause: "ca-refused",
    when: (f) => f.problem !== undefined && !onTheWay(f),
    says: () => "",
    remedy: usualRemedy,
  },
  {
    cause: "no-address",
    when: (f) =>
      isHttp(f) &&
      f.redirect === undefined &&
      tells(f, /NXDOMAIN|no such host|could not resolve URL|no valid (A|AAAA|IP) /i),
    says: ({ name }) => `The CA found no public address for ${shortName(name)} in DNS.`,
    remedy:
      "Add an A or AAAA record that leads to the web server, or take the name out. Private addresses do not count.",
  },
  {
    cause: "dns-failed",
    when: (f) =>
      tells(
        f,
        /SERVFAIL|server misbehaving|unsuccessful response|occurred while resolving|query timed out|DNS problem/,
      ) &&
      f.redirect === undefined &&
      !tells(f, /NXDOMAIN/),
    says: ({ name }) => `The name servers of ${shortName(name)} do not answer the CA well.`,
    remedy:
      "Check them, and DNSSEC, with a tool such as dnsviz.net: a DS record that is left from another DNS service is a usual cause.",
  },
  {
    cause: "caa-forbids",
    when: isOf("caa"),
    says: () => "CAA records in DNS say which CAs may issue for the name, and this one may not.",
    remedy: usualRemedy,
  },
  {
    cause: "some-places",
    when: (f) => tells(f, /secondary validation|remote perspective|multi-?perspective/i),
    says: (f) =>
      `The CA asks from several places in the world: one got the answer${had(f, "answered") ? ` (this program answered ${whence(f, "answered")})` : ""}, and others did not.`,
    remedy:
      "Open port 80 to every country: look for a firewall by country, a filter of bots, DDoS protection, and name servers that answer by region.",
  },
  {
    cause: "path-changed",
    when: (f) => !had(f, "answered") && had(f, "misplaced"),
    says: (f) =>
      `This program was asked for the answer ${whence(f, "misplaced")}, but on another path, and said 404.`,
    remedy:
      'The web server must forward the path as it is: in nginx, "proxy_pass http://HOST:PORT;" has nothing after the port.',
  },
  {
    cause: "redirect-loop",
    when: (f) => isHttp(f) && tells(f, /redirect loop|too many redirects|after \d+ redirects/i),
    says: () => "The web server redirects the challenge in a loop, or too often.",
    remedy: outOfRedirect(),
  },
  {
    cause: "redirect-port",
    when: (f) => isHttp(f) && tells(f, /in redirect target/i),
    says: () =>
      "The web server redirects the challenge to where CAs do not follow: they follow http and https to a name, on ports 80 and 443 only.",
    remedy: outOfRedirect(),
  },
  {
    cause: "redirect-tls",
    when: (f) =>
      f.redirect !== undefined &&
      (isOf("tls")(f) || tells(f, /\btls: |\bx509: |handshake|certificate|HTTPS client/i)),
    says: ({ redirect = "" }) =>
      `The web server redirects the challenge to ${cut(redirect, 100)}, where TLS fails.`,
    remedy: outOfRedirect(OR_THERE),
  },
  {
    cause: "redirect-elsewhere",
    when: ({ redirect }) => redirect !== undefined,
    says: ({ redirect = "" }) => `The web server redirects the challenge to ${cut(redirect, 100)}.`,
    remedy: outOfRedirect(OR_THERE),
  },
  {
    cause: "tls",
    when: isOf("tls"),
    says: () => "",
    remedy: usualRemedy,
  },
  {
    cause: "file-lost",
    when: ({ seen }) => seen.file?.lost !== undefined,
    says: ({ seen }) => `Somebody ${seen.file?.lost ?? ""} ${fileOf(seen)} before the CA was done.`,
    remedy:
      "Look for what cleans or replaces the webroot during a run: a deployment, another ACME client, or a cron job.",
  },
  {
    cause: "file-closed",
    when: ({ seen, visit }) => seen.file?.closed !== undefined && visit.status === 403,
    says: (f) =>
      `The web server${at(f)} answered ${what(f)}, and only the owner and group may use ${cut(f.seen.file?.closed ?? "", 120)}.`,
    remedy: "Let the web server's user enter the folders and read the file (chmod o+rX).",
  },
  {
    cause: "webroot",
    when: (f) => f.seen.file !== undefined && isWrong(f),
    says: (f) =>
      `The web server${at(f)} answered ${what(f)} itself, while the answer was in ${fileOf(f.seen)}.`,
    remedy: `It must serve ${CHALLENGE_PATH} from the folder given for the name, before any redirect and without a password.`,
  },
  {
    cause: "stateless",
    when: (f) => f.seen.stateless === true && isWrong(f),
    says: (f) => `The web server${at(f)} answered ${what(f)}, and not for this account.`,
    remedy: `The web server must answer for this account. Print its block again with acme-sidecar nginx --stateless and the same folder, load it, and check that ${CHALLENGE_PATH} of each name leads there.`,
  },
  {
    cause: "other-account",
    when: (f) => isHttp(f) && isWrong(f) && f.visit.got === "other-account",
    says: (f) =>
      `${had(f, "answered") ? `This program answered ${whence(f, "answered")}, and` : "Nobody asked this program:"} something else${at(f)} answered for another ACME account.`,
    remedy: OTHER_CLIENT,
  },
  {
    cause: "other-host",
    when: (f) => isWrong(f) && had(f, "answered") && !f.seen.asked?.answered.hosts.includes(f.name),
    says: (f) =>
      `This program answered ${whence(f, "answered")}, but never with this name as Host. The CA got ${what(f)}${at(f)}.`,
    remedy:
      "Check what answers for the Host named here. A proxy must pass the Host on: proxy_set_header Host $host.",
  },
  {
    cause: "two-answers",
    when: (f) => isWrong(f) && had(f, "answered"),
    says: (f) =>
      `This program answered ${whence(f, "answered")}, but the CA also got ${what(f)}${at(f)}.`,
    remedy: ONE_SERVER,
  },
  {
    cause: "partly-reached",
    when: (f) => isOf("connection")(f) && had(f, "answered"),
    says: (f) =>
      `This program answered ${whence(f, "answered")}, but another connection of the CA${at(f)} failed.`,
    remedy:
      "All A and AAAA records of the name must lead to a server that works. Look for a dead host, IPv6 without a server, and a firewall that limits connections.",
  },
  {
    cause: "other-client",
    when: (f) => isWrong(f) && had(f, "unknown"),
    says: (f) =>
      `This program was never asked for this answer, but ${whence(f, "unknown")} for tokens of this name that it does not know. The CA got ${what(f)}${at(f)}.`,
    remedy: OTHER_CLIENT,
  },
  {
    cause: "gateway",
    when: (f) => isUnasked(f) && [502, 503, 504].includes(f.visit.status ?? 0),
    says: (f) => `Nobody asked this program: the web server${at(f)} answered ${what(f)}.`,
    remedy:
      "If it forwards the challenge, then to a place where nothing answers: compare its address with --listen, and in a container with the published port.",
  },
  {
    cause: "locked",
    when: (f) => isUnasked(f) && [401, 403, 407].includes(f.visit.status ?? 0),
    says: (f) =>
      `Nobody asked this program: the web server${at(f)} answered ${what(f)} itself, so it wants a password or blocks the CA.`,
    remedy: `Forward ${CHALLENGE_PATH} here without a password ("acme-sidecar nginx" prints the block for that), and look for filters by address.`,
  },
  {
    cause: "not-forwarded",
    when: (f) => isUnasked(f) && isWrong(f),
    says: (f) =>
      `Nobody asked this program: the web server${at(f)} answered ${what(f)} itself, and does not forward the challenge.`,
    remedy: FORWARD,
  },
  {
    cause: "refused",
    when: (f) => isOf("connection")(f) && isHttp(f) && tells(f, /refused/),
    says: (f) => `The CA could not connect: nothing listens on port 80${at(f)}.`,
    remedy:
      "Start the web server there, or change the name's A and AAAA records to the host where it runs.",
  },
  {
    cause: "timeout",
    when: (f) =>
      isOf("connection")(f) && isHttp(f) && tells(f, /time(d )?out|deadline|unreachable|no route/i),
    says: (f) => `The CA could not connect: port 80${at(f)} does not reply.`,
    remedy:
      "Open port 80 in every firewall on the way, also for IPv6, and check that the name's A and AAAA records lead to this host.",
  },
  {
    cause: "dns",
    when: (f) => isOf("dns")(f) && isHttp(f),
    says: () => "",
    remedy: usualRemedy,
  },
  {
    cause: "unreachable",
    when: (f) => isHttp(f) && isUnasked(f) && f.problem !== undefined,
    says: (f) => `The CA got no answer${at(f)}, and never asked this program.`,
    remedy:
      "Check the name's A and AAAA records, and that a web server can be reached on port 80 there.",
  },
  {
    cause: "unasked",
    when: (f) => isUnasked(f),
    says: (f) =>
      had(f, "unknown") || had(f, "elsewhere")
        ? `The CA never reached this program. It was only asked ${whence(f, had(f, "unknown") ? "unknown" : "elsewhere")} for tokens that it does not know.`
        : "The CA never reached this program.",
    remedy: `Check the name's A and AAAA records, that port 80 is open, and that the web server there forwards ${CHALLENGE_PATH} here.`,
  },
  ...TXT_REASONS,
  UNKNOWN,
];

/** The likeliest cause, and what the user should know and do about it. */
export function explain(findings: Findings): { cause: string; hint: string } {
  const { cause, says, remedy } = REASONS.find(({ when }) => when(findings)) ?? UNKNOWN;
  const parts = [says(findings), typeof remedy === "string" ? remedy : remedy(findings)];
  return { cause, hint: parts.filter((part) => part !== "").join(" ") };
}

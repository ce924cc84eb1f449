import { isIPv6 } from "node:net";
import { cut } from "../causes.ts";
import { OR_THERE, outOfRedirect, putBlock } from "../challenge/remedies.ts";
import { CHALLENGE_PATH as PATH } from "../challenge/responder.ts";
import { showName } from "../name.ts";
import { shown } from "../shown.ts";
import type { Cause, Finding, Level, Observation } from "./observation.ts";

/** What the sentences of a row are made of. Everything in it may be shown. */
interface Parts extends Observation {
  /** The name as people read it. */
  about: string;
  /** The name in ASCII, for commands. */
  name: string;
  address: string;
  detail: string;
  hint: string;
  status: number;
  /** What follows the address: the place that redirects led to. */
  via: string;
  record: "A" | "AAAA";
}

interface Row {
  level: Level;
  /** What was found. */
  fact: (parts: Parts) => string;
  /** What to do. */
  remedy: (parts: Parts) => string;
}

const fails = (fact: Row["fact"], remedy: Row["remedy"]): Row => ({ level: "fails", fact, remedy });
const advice = (fact: Row["fact"], remedy: Row["remedy"]): Row => ({
  level: "advice",
  fact,
  remedy,
});

/** What makes the web server give the right answer. */
function howTo({ way }: Parts): string {
  return {
    standalone: putBlock(),
    webroot: `Let the web server serve ${PATH} for this name from the folder that -d or --default_root names`,
    stateless: putBlock(" --stateless"),
    dns: "Answer by DNS",
  }[way];
}

function forward(parts: Parts): string {
  const { address, record } = parts;
  return `${howTo(parts)}; if ${address} is not this server, correct the ${record} record.`;
}

/** Every cause: what was found, and what to do. */
const ROWS: Record<Cause, Row> = {
  "no-name": fails(
    ({ about }) => `${about} does not exist in DNS.`,
    () => "Add an A or AAAA record for it, or leave out the name.",
  ),
  "no-address": fails(
    ({ about }) => `${about} has neither an A nor an AAAA record in DNS.`,
    () => "Add an A or AAAA record for it, or leave out the name.",
  ),
  "dns-failed": fails(
    ({ about, detail }) => `DNS gives no answer for ${about}: ${detail}.`,
    ({ name }) => `Check the name servers of its zone, for example with dig +trace ${name}.`,
  ),
  "dnssec-broken": fails(
    ({ about }) =>
      `The DNSSEC signatures of ${about} are wrong or missing, so DNS servers that check them refuse to answer.`,
    () => "Sign the zone again, or take out its DS record at the registrar.",
  ),
  "no-zone": advice(
    ({ about }) =>
      `The name servers of the zone of ${about} do not answer this host, although other DNS servers know the zone.`,
    () => "Let this host reach port 53 of other hosts, or name DNS servers with --dns_resolvers.",
  ),
  "caa-forbids": fails(
    ({ about, detail }) => `CAA records forbid this CA to issue for ${about}: ${detail}.`,
    () => "Add a CAA record that allows this CA, or choose a CA that is allowed with --server.",
  ),
  "caa-failed": fails(
    ({ about, detail }) =>
      `DNS gives no answer about the CAA records of ${about}: ${detail}. A CA refuses then.`,
    () => "Check that the name servers of its zone answer questions for CAA records.",
  ),
  "caa-unknown": advice(
    ({ about, detail }) =>
      `${about} has CAA records (${detail}), and the CA does not say which of them allow it.`,
    () => "Compare them with the documentation of the CA.",
  ),
  elsewhere: fails(
    ({ about, address, via }) =>
      `${about} leads to ${address}${via}, where another server answers.`,
    (parts) =>
      `Correct the ${parts.record} record, so that it leads to this server. If it does so already: ${howTo(parts)}.`,
  ),
  "ipv6-broken": advice(
    ({ about, address, detail }) =>
      `${about} has the IPv6 address ${address}, where nothing answers (${detail}), while IPv4 works. A CA asks IPv6 first.`,
    () =>
      "Let the web server listen on IPv6 (listen [::]:80 in nginx), or take out the AAAA record.",
  ),
  "ipv6-unknown": advice(
    ({ about, address }) =>
      `This host has no IPv6, so it cannot tell whether ${address} answers for ${about}.`,
    ({ name }) =>
      `Check it from a host with IPv6, for example with curl -6 -i http://${name}${PATH}test.`,
  ),
  hairpin: advice(
    ({ about, address, detail }) =>
      `${address} does not answer for ${about} (${detail}), but this host has only a private address, and many routers do not lead from inside to their own public address. So this cannot be judged from here.`,
    ({ name }) =>
      `Check it from another network, for example with curl -i http://${name}${PATH}test.`,
  ),
  refused: fails(
    ({ about, address, via }) => `${address} refuses the connection for ${about}${via}.`,
    ({ record }) =>
      `Let the web server listen on this address and port, and open the port in the firewall; if it is not this server's address, correct the ${record} record.`,
  ),
  timeout: fails(
    ({ about, address, via }) => `${address} does not answer in time for ${about}${via}.`,
    ({ record }) =>
      `Open the port in the firewall; if it is not this server's address, correct the ${record} record.`,
  ),
  unreachable: fails(
    ({ about, address, via, detail }) =>
      `${address} cannot be reached for ${about}${via}: ${detail}.`,
    ({ record }) => `Check the ${record} record, and the network that it leads to.`,
  ),
  "not-http": fails(
    ({ about, address, via, detail }) =>
      `What answers for ${about} at ${address}${via} does not speak HTTP correctly: ${detail}.`,
    ({ record }) => `Let a web server listen there, or correct the ${record} record.`,
  ),
  "not-forwarded": fails(
    ({ about, address, via }) =>
      `nginx at ${address} answers 404 itself for ${about}${via}, and does not ask this program.`,
    forward,
  ),
  "not-found": fails(
    ({ about, address, via }) =>
      `The web server at ${address} answers 404 for ${about}${via}, so the CA would not find the file.`,
    forward,
  ),
  page: fails(
    ({ about, address, via }) =>
      `At ${address} an app answers for ${about}${via} with a page of its own (status 200, HTML).`,
    forward,
  ),
  "wrong-answer": fails(
    ({ about, address, via }) =>
      `At ${address} something else answers for ${about}${via}, with status 200 and another text.`,
    forward,
  ),
  "wrong-account": fails(
    ({ about, address, via }) =>
      `The web server at ${address} answers for ${about}${via} with the thumbprint of another account.`,
    () =>
      "Print the block again with acme-sidecar nginx --stateless and the same folder, and load it.",
  ),
  locked: fails(
    ({ about, address, via, status }) =>
      `The web server at ${address} ${status === 401 ? "wants a password for" : "forbids access to"} ${about}${via} (status ${status}).`,
    ({ way }) =>
      way === "webroot"
        ? `Write auth_basic off and allow all into the location of ${PATH}, and let the web server read the folder.`
        : `Write auth_basic off and allow all into the location of ${PATH}, as acme-sidecar nginx does.`,
  ),
  gateway: fails(
    ({ about, address, via, status }) =>
      `The web server at ${address} cannot reach what it forwards to for ${about}${via} (status ${status}).`,
    () =>
      "Forward to the address of --listen; if this program runs in a container, to its published port.",
  ),
  status: fails(
    ({ about, address, via, status }) =>
      `The web server at ${address} answers for ${about}${via} with status ${status}.`,
    forward,
  ),
  proxied: fails(
    ({ about, address, via, detail, status }) =>
      `${detail} stands in front of ${about} at ${address}${via} and answers with status ${status}.`,
    () => `Let it pass ${PATH} on to this server without a change, or turn it off for this name.`,
  ),
  "redirect-elsewhere": fails(
    ({ about, address, detail }) => `${about} redirects the CA from ${address} to ${detail}.`,
    () => outOfRedirect(OR_THERE),
  ),
  "redirect-loop": fails(
    ({ about, address }) =>
      `${about} redirects the CA from ${address} in a loop, or more than 10 times.`,
    () => outOfRedirect(),
  ),
  "redirect-port": fails(
    ({ about, address, detail }) =>
      `${about} redirects the CA from ${address} to ${detail}, and CAs follow http and https to a name on ports 80 and 443 only.`,
    () => outOfRedirect(),
  ),
  "redirect-inside": fails(
    ({ about, address, detail }) =>
      `${about} redirects the CA from ${address} to ${detail}, which has a private address that a CA cannot reach.`,
    () => outOfRedirect(),
  ),
  "https-certificate": advice(
    ({ about, address, detail }) =>
      `${about} redirects the CA from ${address} to https with a certificate that is not good (${detail}).`,
    () => `Most CAs ignore this; to be sure, leave ${PATH} out of the redirect.`,
  ),
  "port-taken": fails(
    ({ detail }) => detail,
    ({ hint }) => hint,
  ),
  "listen-failed": fails(
    ({ detail }) => detail,
    ({ hint }) => hint,
  ),
  "webroot-unwritable": fails(
    ({ detail }) => detail,
    ({ hint }) => hint,
  ),
  "ca-unreachable": advice(
    ({ detail }) => detail,
    () => "Check --server and this host's network. CAA records and the clock were not compared.",
  ),
  "clock-wrong": advice(
    ({ detail }) => `The clock of this host differs from the CA's by ${detail}.`,
    () => "Set the clock, for example with NTP: it decides when certificates are due.",
  ),
};

/** All causes, in the order of the documentation. */
export const CAUSES = Object.keys(ROWS) as Cause[];

/** What a name server or web server says may have any length. */
const LONGEST = 200;

/** Puts an observation into words; pure. */
export function explain(observation: Observation): Finding {
  const { cause, name = "", address = "", url, detail = "", hint = "", status = 0 } = observation;
  const { level, fact, remedy } = ROWS[cause];
  const parts: Parts = {
    ...observation,
    ...{ name, about: showName(name), detail: short(detail), hint, status },
    address: isIPv6(address) ? `[${address}]` : address,
    via: url === undefined ? "" : ` (after a redirect to ${short(url)})`,
    record: isIPv6(address) ? "AAAA" : "A",
  };
  return {
    ...{ cause, level, name: observation.name, address: observation.address },
    fact: fact(parts),
    remedy: remedy(parts),
  };
}

/** Nobody wants to read the token at the end of a URL. */
function short(text: string): string {
  return cut(shown(text).replace(/(\/\.well-known\/acme-challenge\/)[\w-]{43}$/, "$1…"), LONGEST);
}

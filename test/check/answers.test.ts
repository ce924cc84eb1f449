import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { loopbackAddress } from "../support/ports.ts";
import { portSkip } from "../support/knot.ts";
import { missing } from "../support/tools.ts";
import { forwarded, said, type Setting, site, startSetting, verdicts } from "./setting.ts";

/** The situations, each with an address of its own, whose name is the key. */
const SITES = {
  good: forwarded("LISTEN"),
  apart: "location / { return 404; }",
  empty: 'location / { default_type text/html; return 404 "not here"; }',
  page: 'location / { default_type text/html; return 200 "<!doctype html><title>App</title>"; }',
  text: 'location / { default_type text/plain; return 200 "hello"; }',
  password: 'auth_basic "Members"; auth_basic_user_file /nowhere;',
  closed: "location / { deny all; }",
  dead: "location / { proxy_pass http://127.0.0.1:1; }",
  teapot: "location / { return 418; }",
  clouded: "location / { add_header CF-Ray 8f00-FRA always; return 522; }",
  cached: 'location / { add_header Via "1.1 front" always; return 404; }',
  moved: "location / { return 301 http://apart.check.test$request_uri; }",
  gone: "location / { return 301 http://nowhere.check.test$request_uri; }",
  round: "location / { return 302 http://$host$request_uri; }",
  port: "location / { return 301 http://$host:8080$request_uri; }",
  number: "location / { return 301 http://127.0.0.1$request_uri; }",
  led: "location / { return 308 http://good.check.test$request_uri; }",
} as const;

const addresses = Object.fromEntries(Object.keys(SITES).map((name) => [name, loopbackAddress()]));
const nobody = loopbackAddress();
const at = (name: keyof typeof SITES) => addresses[name] ?? "";
const fqdn = (name: string) => `${name}.check.test`;

const FORWARD = (address: string) =>
  `Put the block that acme-sidecar nginx prints into the server block of this name on port 80, and reload it; if ${address} is not this server, correct the A record.`;
const except = (or = "") =>
  `Leave /.well-known/acme-challenge/ out of the redirect${or}. In nginx, write the redirect as "location / { return 301 ...; }": outside a location it comes first.`;
const EXCEPT = except();
const ELSEWHERE = except(", or forward it there too");
const PASS =
  "Let it pass /.well-known/acme-challenge/ on to this server without a change, or turn it off for this name.";

/** What is said about a redirect that no CA follows. */
const forbidden = (name: keyof typeof SITES, to: string) =>
  `${fqdn(name)} redirects the CA from ${at(name)} to ${to}/.well-known/acme-challenge/…, and CAs follow http and https to a name on ports 80 and 443 only. ${EXCEPT}`;

/** What is said about each of them, by the code of the cause. */
const SAID: Record<Exclude<keyof typeof SITES, "good" | "led"> | "nobody", [string, string]> = {
  apart: [
    "not-forwarded",
    `nginx at ${at("apart")} answers 404 itself for apart.check.test, and does not ask this program. ${FORWARD(at("apart"))}`,
  ],
  empty: [
    "not-found",
    `The web server at ${at("empty")} answers 404 for empty.check.test, so the CA would not find the file. ${FORWARD(at("empty"))}`,
  ],
  page: [
    "page",
    `At ${at("page")} an app answers for page.check.test with a page of its own (status 200, HTML). ${FORWARD(at("page"))}`,
  ],
  text: [
    "wrong-answer",
    `At ${at("text")} something else answers for text.check.test, with status 200 and another text. ${FORWARD(at("text"))}`,
  ],
  password: [
    "locked",
    `The web server at ${at("password")} wants a password for password.check.test (status 401). Write auth_basic off and allow all into the location of /.well-known/acme-challenge/, as acme-sidecar nginx does.`,
  ],
  closed: [
    "locked",
    `The web server at ${at("closed")} forbids access to closed.check.test (status 403). Write auth_basic off and allow all into the location of /.well-known/acme-challenge/, as acme-sidecar nginx does.`,
  ],
  dead: [
    "gateway",
    `The web server at ${at("dead")} cannot reach what it forwards to for dead.check.test (status 502). Forward to the address of --listen; if this program runs in a container, to its published port.`,
  ],
  teapot: [
    "status",
    `The web server at ${at("teapot")} answers for teapot.check.test with status 418. ${FORWARD(at("teapot"))}`,
  ],
  clouded: [
    "proxied",
    `Cloudflare stands in front of clouded.check.test at ${at("clouded")} and answers with status 522. ${PASS}`,
  ],
  cached: [
    "proxied",
    `A proxy stands in front of cached.check.test at ${at("cached")} and answers with status 404. ${PASS}`,
  ],
  moved: [
    "redirect-elsewhere",
    `moved.check.test redirects the CA from ${at("moved")} to apart.check.test, which does not have the answer. ${ELSEWHERE}`,
  ],
  gone: [
    "redirect-elsewhere",
    `gone.check.test redirects the CA from ${at("gone")} to nowhere.check.test, which has no address. ${ELSEWHERE}`,
  ],
  round: [
    "redirect-loop",
    `round.check.test redirects the CA from ${at("round")} in a loop, or more than 10 times. ${EXCEPT}`,
  ],
  port: ["redirect-port", forbidden("port", "http://port.check.test:8080")],
  number: ["redirect-port", forbidden("number", "http://127.0.0.1")],
  nobody: [
    "refused",
    `${nobody} refuses the connection for nobody.check.test. Let the web server listen on this address and port, and open the port in the firewall; if it is not this server's address, correct the A record.`,
  ],
};

describe("check", { skip: missing("pebble", "nginx", "knotd") || (await portSkip()) }, () => {
  let setting: Setting;
  before(async () => {
    const records = Object.entries({ ...addresses, nobody }).map(
      ([name, address]) => `${name}.check A ${address}`,
    );
    setting = await startSetting(records.join("\n"), (listen) =>
      Object.entries(SITES)
        .map(([name, inside]) => site(addresses[name] ?? "", inside.replace("LISTEN", listen)))
        .join("\n"),
    );
  });
  after(() => setting[Symbol.asyncDispose]());

  for (const name of ["good", "led"] as const)
    test(`${name}: all is well`, async () => {
      const checked = await setting.check([fqdn(name)]);
      assert.deepEqual(verdicts(checked), [`${fqdn(name)} ${at(name)} ok`]);
      assert.deepEqual(checked.report.findings, []);
      assert.equal(checked.code, 0);
    });

  for (const [name, [code, sentence]] of Object.entries(SAID))
    test(`${name}: ${code}`, async () => {
      const checked = await setting.check([fqdn(name)]);
      assert.deepEqual(said(checked, code), [sentence]);
      assert.equal(checked.report.findings.length, 1);
      assert.equal(checked.code, 1);
    });
});

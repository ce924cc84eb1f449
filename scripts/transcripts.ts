/**
 * Writes docs/transcripts.md: what people see at a terminal, from the program itself, with a real
 * CA, DNS server and web server. `npm run transcripts`; the tests of the suite say what must be so.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { forwarded, site } from "../test/check/setting.ts";
import { startNameServers } from "../test/support/knot.ts";
import { startNginx } from "../test/support/nginx.ts";
import { startPebble } from "../test/support/pebble.ts";
import { freePort, loopbackAddress } from "../test/support/ports.ts";
import { startOnScreen } from "../test/support/screen.ts";

const PAGE = "docs/transcripts.md";
const COLUMNS = 100;
const ROWS = 200;
/** Hides what differs from one run of this script to the next. */
const HIDDEN: readonly (readonly [RegExp, string])[] = [
  [/\d{4}-\d\d-\d\dT[\d:.]+Z /g, ""],
  [/acme-challenge\/[\w-]{43}/g, "acme-challenge/TOKEN"],
];

/** The web servers, by the first label of their names, and what each gets wrong. */
const SITES = {
  shop: ["", "location / { return 404; }"],
  blog: ["An app that does not know the path", "location / { return 404 'not here'; }"],
  page: [
    "An app that answers everything with its page",
    'location / { default_type text/html; return 200 "<!doctype html><title>App</title>"; }',
  ],
  club: ["A password", 'auth_basic "Members"; auth_basic_user_file /nowhere;'],
  old: [
    "A redirect to another host",
    "location / { return 301 http://blog.transcript.test$request_uri; }",
  ],
  loop: ["A redirect in a loop", "location / { return 302 http://$host$request_uri; }"],
  dead: [
    "Forwarding to a place where nothing answers",
    "location / { proxy_pass http://127.0.0.1:1; }",
  ],
  edge: ["A CDN in front", "location / { add_header CF-Ray 8f00-FRA always; return 522; }"],
} as const;

type Label = keyof typeof SITES;
const LABELS = Object.keys(SITES) as Label[];
const fqdn = (label: string) => `${label}.transcript.test`;

await using stack = new AsyncDisposableStack();
const addresses = new Map(LABELS.map((label) => [label, loopbackAddress()]));
const addressOf = (label: Label) => addresses.get(label) ?? "";
const [nobody, second] = [loopbackAddress(), loopbackAddress()];
const zone = stack.use(
  await startNameServers("test", {
    records: [
      ...LABELS.map((label) => `${fqdn(label)}. A ${addressOf(label)}`),
      `${fqdn("off")}. A ${nobody}`,
      `${fqdn("two")}. A ${second}`,
      `${fqdn("two")}. A ${addressOf("blog")}`,
      `${fqdn("rule")}. A ${second}`,
      `${fqdn("rule")}. CAA 0 issue "other-ca.example"`,
    ].join("\n"),
  }),
);
const resolver = `${String(zone.addresses[0])}:53`;
const pebble = stack.use(
  await startPebble({
    ...{ dnsServer: resolver, httpPort: 80, caaIdentities: ["pebble.example"] },
    ...{ authzReuse: 0, chainLength: 2 },
  }),
);
const listen = `127.0.0.1:${await freePort()}`;
const dir = mkdtempSync(join(tmpdir(), "acme-sidecar-transcripts-"));
stack.defer(() => {
  rmSync(dir, { recursive: true });
});
const env = {
  ACME_SIDECAR_SERVER: pebble.directoryUrl,
  ACME_SIDECAR_CA_BUNDLE: pebble.caFile,
  ACME_SIDECAR_LISTEN: listen,
  ACME_SIDECAR_DNS_RESOLVERS: resolver,
  ACME_SIDECAR_DNS_TIMEOUT: "5",
};

/** All web servers, and what else listens. */
function servers({ shop = SITES.shop[1], more = "" }: { shop?: string; more?: string } = {}) {
  const blocks = LABELS.map((label) =>
    site(addressOf(label), label === "shop" ? shop : SITES[label][1]),
  );
  return [...blocks, site(second, forwarded(listen)), more].join("\n");
}

const nginx = stack.use(await startNginx(servers()));

/** Runs one command in a terminal, in a folder below `dir`. */
async function shown(line: string, folder: string): Promise<string> {
  const [words, cwd] = [line.split(" "), join(dir, folder)];
  mkdirSync(cwd, { recursive: true });
  await using screen = await startOnScreen(words, { columns: COLUMNS, rows: ROWS, env, cwd });
  const code = await screen.exited();
  const text = (await screen.history()).join("\n").trimEnd();
  const plain = HIDDEN.reduce((left, [what, instead]) => left.replaceAll(what, instead), text)
    .replaceAll(cwd, "/certs")
    .replaceAll(listen, "127.0.0.1:8888");
  return `$ acme-sidecar ${line}\n${wrapped(plain)}\n[exit code ${code}]`;
}

/** As the terminal breaks lines, now that some words are shorter. */
function wrapped(text: string): string {
  return text.replaceAll(new RegExp(`[^\n]{${COLUMNS}}(?=[^\n])`, "g"), "$&\n");
}

async function scene(
  title: string,
  text: string,
  { lines, folder = "shop" }: { lines: readonly string[]; folder?: string },
): Promise<string> {
  const parts: string[] = [];
  for (const line of lines) parts.push(await shown(line, folder));
  return `### ${title}\n\n${text === "" ? "" : `${text}\n\n`}\`\`\`text\n${parts.join("\n\n")}\n\`\`\`\n`;
}

/** A check of a name, and a run without one. */
const both = (label: string) => ({
  lines: [`check -d ${fqdn(label)}`, `-d ${fqdn(label)}`],
  folder: label,
});

const shop = fqdn("shop");
const pages: string[] = [];
pages.push("## The first certificate\n");
pages.push(await scene("What can it do?", "", { lines: ["--help"] }));
pages.push(
  await scene("Will it work?", "nginx serves the site and knows nothing of the CA yet.", {
    lines: [`check -d ${shop}`, "nginx"],
  }),
);
await nginx.reload(servers({ shop: forwarded(listen) }));
pages.push(
  await scene("Get it", "The block is in nginx now, and nginx is reloaded.", {
    lines: [
      `check -d ${shop}`,
      `-d ${shop} --email me@transcript.test`,
      `-d ${shop} --email me@transcript.test`,
      "status",
    ],
  }),
);
const port = await freePort();
const pair = `ssl_certificate ${dir}/shop/fullchain.pem; ssl_certificate_key ${dir}/shop/key.pem;`;
const tls = `server { listen 127.0.0.1:${port} ssl; server_name ${shop}; ${pair} }`;
await nginx.reload(servers({ shop: forwarded(listen), more: tls }));
pages.push(
  await scene("Is it served?", "A second certificate, and nobody has reloaded nginx.", {
    lines: [
      `verify --address 127.0.0.1:${port}`,
      `-d ${shop} --force`,
      `verify --address 127.0.0.1:${port}`,
    ],
  }),
);
pages.push(
  await scene("Slips of the finger", "", {
    lines: [
      "renwe",
      `-d ${shop} --key_typ ec25`,
      `-d ${shop} --server letsencypt`,
      "status --force",
      "help renew",
    ],
  }),
);

pages.push(
  "## When it fails\n\nFirst what `check` says, then what a run says that did not check.\n",
);
for (const label of LABELS.filter((each) => each !== "shop"))
  pages.push(await scene(SITES[label][0], "", both(label)));
const others = {
  off: "Nothing listens on port 80",
  missing: "The name does not exist",
  two: "Two addresses, and only one is right",
  rule: "A CAA record forbids the CA",
};
for (const [label, title] of Object.entries(others))
  pages.push(await scene(title, "", both(label)));
pages.push(
  await scene("Some of several names", "", {
    lines: [`-d ${shop} -d ${fqdn("blog")} -d ${fqdn("club")} --allow_partial`, "status"],
    folder: "some",
  }),
);

const labels = [...LABELS, "off", "missing"];
mkdirSync(join(dir, "many"));
writeFileSync(
  join(dir, "many", "targets.json"),
  JSON.stringify({ targets: labels.map((label) => ({ names: [fqdn(label)] })) }),
);
pages.push(
  await scene("A batch of ten", "", { lines: ["batch targets.json", "status"], folder: "many" }),
);

writeFileSync(
  PAGE,
  `# At a terminal

\`npm run transcripts\` wrote this page: it ran every command in a terminal of ${COLUMNS} columns, with a
real CA (Pebble), DNS server and nginx. Options that name these came from the environment. Times at the start of lines and
tokens are left out.

${pages.join("\n")}`,
);
process.stdout.write(`${readFileSync(PAGE, "utf8").length} characters in ${PAGE}\n`);

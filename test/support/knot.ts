import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { loopbackAddress } from "./ports.ts";
import { startProcess, untilListening } from "./process.ts";
import { tempDir } from "./temp.ts";
import { requireTool, skipUnlessCI } from "./tools.ts";

export interface NameServers extends AsyncDisposable {
  /** IP addresses; port 53. None hands to another what it is told. */
  addresses: string[];
  /** The path of a TSIG key that may change the zone. */
  keyFile: string;
}

/** Starts so many Knot DNS servers, each authoritative for the zone, which names all of them, or others, as its own. */
export async function startNameServers(
  zone: string,
  { count = 1, records = "", named }: { count?: number; records?: string; named?: string[] } = {},
): Promise<NameServers> {
  await using owned = new AsyncDisposableStack();
  const addresses = Array.from({ length: count }, loopbackAddress);
  const keyFile = join(owned.use(tempDir()).path, "key");
  const secret = Buffer.from("no more than a test").toString("base64");
  await writeFile(keyFile, `key "test" { algorithm hmac-sha256; secret "${secret}"; };\n`);
  const text = [
    `$TTL 60\n@ SOA ns0 admin 1 60 60 60 60`,
    ...(named ?? addresses).map((ip, i) => `@ NS ns${i}\nns${i} A ${ip}`),
    records,
  ].join("\n");
  for (const address of addresses) {
    const dir = owned.use(tempDir()).path;
    await writeFile(join(dir, "zone"), `${text}\n`);
    const conf = join(dir, "knot.conf");
    await writeFile(conf, configuration({ zone, address, dir, secret }));
    const child = owned.use(await startProcess(requireTool("knotd"), ["-c", conf]));
    await untilListening(child, 53, address);
  }
  const stack = owned.move();
  return {
    ...{ addresses, keyFile },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function configuration(at: { zone: string; address: string; dir: string; secret: string }): string {
  return `
server:
  listen: ${at.address}@53
  rundir: ${at.dir}
control:
  listen: ${at.dir}/socket
database:
  storage: ${at.dir}
key:
  - id: test
    algorithm: hmac-sha256
    secret: "${at.secret}"
acl:
  - id: test
    key: test
    action: update
zone:
  - domain: ${at.zone}
    storage: ${at.dir}
    file: zone
    zonefile-sync: -1
    acl: test
`;
}

/** Why nobody may listen on port 53 here; `false` if one may, and under CI. */
export async function portSkip(): Promise<string | false> {
  try {
    const server = createServer().listen(53, loopbackAddress());
    await once(server, "listening");
    server.close();
    return false;
  } catch {
    return skipUnlessCI("port 53 of loopback addresses may not be bound");
  }
}

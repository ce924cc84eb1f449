import { Resolver } from "node:dns/promises";
import { isIPv6 } from "node:net";
import { freePort } from "./ports.ts";
import { startProcess, untilListening } from "./process.ts";
import { request } from "./request.ts";
import { requireTool } from "./tools.ts";

export interface Dns extends AsyncDisposable {
  /** host:port, over UDP and TCP. */
  address: string;
  /** Replaces the A and AAAA records of a name. A family without an address keeps its default. */
  setA(name: string, addresses: string[]): Promise<void>;
  /** Answers every query for the name with SERVFAIL. */
  setServfail(name: string): Promise<void>;
  setCname(name: string, target: string): Promise<void>;
  /** Adds one TXT record. */
  addTxt(name: string, value: string): Promise<void>;
  /** The TXT records of a name, as a client of this server sees them. */
  txt(name: string): Promise<string[]>;
  /** What a program needs that sets records itself: `set-txt` and others are paths below it. */
  managementUrl: string;
  /** Back to the defaults for this name. */
  clear(name: string): Promise<void>;
}

/** A pebble-challtestsrv that serves DNS only. Every name has the address 127.0.0.1, until told otherwise. */
export async function startDns(defaultAAAA = ""): Promise<Dns> {
  const [port, management] = [await freePort(), await freePort()];
  const address = `127.0.0.1:${port}`;
  await using owned = new AsyncDisposableStack();
  const child = owned.use(
    await startProcess(requireTool("pebble-challtestsrv"), [
      ...["-http01", "", "-https01", "", "-tlsalpn01", "", "-doh", ""],
      ...["-dnsserver", address, "-management", `127.0.0.1:${management}`],
      ...["-defaultIPv4", "127.0.0.1", "-defaultIPv6", defaultAAAA],
    ]),
  );
  await untilListening(child, port);
  await untilListening(child, management);

  const managementUrl = `http://127.0.0.1:${management}`;
  const tell = async (what: string, host: string, more: object = {}) => {
    const url = `${managementUrl}/${what}`;
    const body = JSON.stringify({ host, ...more });
    const { status } = await request(url, { method: "POST", body });
    if (status !== 200) throw new Error(`${what} ${host}: status ${status}`);
  };
  const clear = async (name: string) => {
    await tell("clear-a", name);
    await tell("clear-aaaa", name);
    await tell("clear-servfail", name);
  };
  const stack = owned.move();
  return {
    address,
    managementUrl,
    clear,
    setCname: (name, target) => tell("set-cname", name, { target }),
    addTxt: (name, value) => tell("set-txt", `${name}.`, { value }),
    txt: (name) => txtAt(address, name),
    async setA(name, addresses) {
      await clear(name);
      const six = addresses.filter((one) => isIPv6(one));
      const four = addresses.filter((one) => !isIPv6(one));
      if (four.length > 0) await tell("add-a", name, { addresses: four });
      if (six.length > 0) await tell("add-aaaa", name, { addresses: six });
    },
    setServfail: (name) => tell("set-servfail", name),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** The TXT records of a name at one server (IP:PORT). */
export async function txtAt(address: string, name: string): Promise<string[]> {
  const resolver = new Resolver();
  resolver.setServers([address]);
  try {
    return (await resolver.resolveTxt(name)).map((parts) => parts.join(""));
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (code === "ENODATA" || code === "ENOTFOUND") return [];
    throw error;
  }
}

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Records } from "../../src/challenge/dns/records.ts";

/** A provider to be tested, and the DNS server that it sets records at. */
export interface ProviderSubject extends AsyncDisposable {
  provider: Records;
  /** The zone of the names that it is asked to set. */
  zone: string;
  /** The TXT records of a name. */
  txt(fqdn: string): Promise<string[]>;
}

const never = new AbortController().signal;

/** What every DNS provider promises (src/challenge/dns/records.ts). */
export function testProvider(kind: string, open: () => Promise<ProviderSubject>): void {
  describe(`every DNS provider: ${kind}`, () => {
    const records = ({ zone }: ProviderSubject, name: string, ...values: string[]) => ({
      fqdn: `_acme-challenge.${name}.${zone}`,
      zone: { name: zone, servers: [] },
      values: values.map((value) => value.padEnd(43, "_")),
    });
    const at = async (subject: ProviderSubject, { fqdn }: { fqdn: string }) =>
      (await subject.txt(fqdn)).sort();

    test("sets several values at one name, and removes them", async () => {
      await using subject = await open();
      const both = records(subject, "a", "one", "two");
      await subject.provider.set(both, never);
      assert.deepEqual(await at(subject, both), both.values);
      await subject.provider.remove(both);
      assert.deepEqual(await at(subject, both), []);
    });

    test("leaves alone what others have at the same name, and at other names", async () => {
      await using subject = await open();
      const mine = records(subject, "a", "mine");
      const others = records(subject, "a", "others");
      const elsewhere = records(subject, "b", "mine");
      for (const each of [others, mine, elsewhere]) await subject.provider.set(each, never);
      assert.deepEqual(await at(subject, mine), [...mine.values, ...others.values]);
      await subject.provider.remove(mine);
      assert.deepEqual(await at(subject, others), others.values);
      assert.deepEqual(await at(subject, elsewhere), elsewhere.values);
    });

    test("has nothing to say against removing what is not there", async () => {
      await using subject = await open();
      const [there, absent] = [records(subject, "a", "there"), records(subject, "a", "absent")];
      await subject.provider.set(there, never);
      await subject.provider.remove(absent);
      assert.deepEqual(await at(subject, there), there.values);
    });

    test("sets nothing once it is interrupted, and says why", async () => {
      await using subject = await open();
      const some = records(subject, "a", "one", "two");
      const reason = new Error("interrupted");
      await assert.rejects(subject.provider.set(some, AbortSignal.abort(reason)), reason);
      await subject.provider.remove(some);
      assert.deepEqual(await at(subject, some), []);
    });
  });
}

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { DAY, HOUR } from "../../src/time.ts";
import { liveThroughYear, type Year } from "../support/year.ts";

const SEEDS = 20;
const LIVES = [90 * DAY, 64 * DAY, 45 * DAY, 160 * HOUR];

/** So many orders a year are needed when each comes a day before it would be late, and an outage costs none. */
const mostOrders = (life: number) => {
  const used = life < 10 * DAY ? life / 2 : (life * 2) / 3;
  return Math.ceil((365 * DAY) / (used - 1.5 * DAY)) + 1;
};

const rows: string[] = [];
const lengthOf = (life: number) =>
  life < 10 * DAY ? `${life / HOUR} hours` : `${life / DAY} days`;
const range = (numbers: number[]) => {
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  return least === most ? `${least}` : `${least} to ${most}`;
};

describe("a year of daily runs, with outages of up to three days", () => {
  for (const life of LIVES)
    for (const ari of [true, false])
      test(`${lengthOf(life)}, ${ari ? "with" : "without"} renewal information: nothing expires, and no order is wasted`, () => {
        const years: Year[] = [];
        for (let seed = 1; seed <= SEEDS; seed += 1)
          years.push(liveThroughYear({ life, ari, seed }));
        const least = Math.min(...years.map((year) => year.least));
        assert.ok(least > 0, `expired ${-least / HOUR} hours before a run`);
        for (const { orders } of years) assert.ok(orders <= mostOrders(life), `${orders} orders`);
        assert.ok(years.some(({ failures }) => failures > 0));
        const inWindow = years.reduce((sum, year) => sum + year.inWindow, 0);
        const orders = years.reduce((sum, year) => sum + year.orders, 0);
        rows.push(
          `| ${lengthOf(life)} | ${ari ? "yes" : "no"} | ${range(years.map((year) => year.orders))} | ${ari ? `${Math.round((100 * inWindow) / (orders - SEEDS))} %` : ""} | ${range(years.map((year) => year.failures))} | ${(least / HOUR).toFixed(0)} hours |`,
        );
      });

  test("docs/renewal.md has the table", () => {
    const table = rows.join("\n");
    console.log(table);
    const shown = readFileSync("docs/renewal.md", "utf8").replace(/ +/g, " ");
    assert.ok(shown.includes(table.replace(/ +/g, " ")), table);
  });
});

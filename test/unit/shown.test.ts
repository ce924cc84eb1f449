import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { AppError } from "../../src/errors.ts";
import { shown, shownLines } from "../../src/shown.ts";

/** What a terminal obeys or does not show, by number, and half of a character. */
const ODD = [
  ...[0x00, 0x1b, 0x7f, 0x85, 0x9b, 0xad, 0x61c, 0x180e, 0x2028, 0x2029],
  ...range(0x200b, 0x200f),
  ...range(0x202a, 0x202e),
  ...range(0x2060, 0x206f),
  ...[0xfeff, 0xfff9, 0xd800, 0xdfff, 0xe0001, ...range(0xe0020, 0xe007f)],
].map((code) => String.fromCodePoint(code));

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, place) => first + place);
}

/** Texts with everything in them that matters. */
const texts = fc
  .array(
    fc.oneof(
      fc.constantFrom(...ODD, "\n", "\r", "\t", "://", "@", "/", "https://u:p@h/"),
      fc.string({ unit: "binary" }),
    ),
  )
  .map((parts) => parts.join(""));

describe("a text that somebody else wrote, where it is shown", () => {
  test("has one line, and nothing that is obeyed, unseen or turns what is read", () => {
    fc.assert(
      fc.property(texts, (text) => {
        assert.doesNotMatch(
          shown(text),
          /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u,
        );
      }),
    );
  });

  test("has no user name and no password in a URL", () => {
    const secret = fc.stringMatching(/^[!-~]{1,20}$/);
    fc.assert(
      fc.property(secret, texts, (word, around) => {
        const url = new URL("https://ca.test/dir");
        url.password = `hunter2${word}`;
        assert.doesNotMatch(shown(`${around} ${url.href} ${around}`), /hunter2/);
      }),
    );
    assert.equal(shown("(https://me:a@b@ca.test/@x)"), "(https://ca.test/@x)");
    assert.equal(shown("https://me@ca.test:1?a@b"), "https://ca.test:1?a@b");
  });

  test("is what it was where it has nothing of that, and stays as it is shown", () => {
    const plain = "Bücher 本 🎉 me@a.test, https://ca.test/a@b: <U+202E> \\u{1}";
    assert.equal(shown(plain), plain);
    fc.assert(
      fc.property(texts, (text) => {
        assert.equal(shown(shown(text)), shown(text));
        assert.equal(shownLines(shownLines(text)), shownLines(text));
      }),
    );
  });

  test("tells what could not be seen by its number", () => {
    assert.equal(
      shown("a\u202eb\u200bc\u{e0041}d\r\n\u001b[1m"),
      "a<U+202E>b<U+200B>c<U+E0041>d [1m",
    );
  });

  test("keeps its lines where it is ours", () => {
    assert.equal(shownLines("a\u0085\nb\r\nc"), "a \nb \nc");
  });

  test("is shown in the time that its length takes", () => {
    for (const part of ["://", "://a", "@", "://a@", "\u0000a", "\u202e"]) {
      const started = performance.now();
      shown(part.repeat(200_000));
      assert.ok(performance.now() - started < 2000, part);
    }
  });

  test("is so in every error", () => {
    const { message, hint } = new AppError(
      "usage",
      "odd: \u202ex\u0007\nhttps://u:hunter2@a.test",
      { hint: "See https://u:hunter2@a.test\u200b." },
    );
    assert.equal(message, "odd: <U+202E>x \nhttps://a.test");
    assert.equal(hint, "See https://a.test<U+200B>.");
  });
});

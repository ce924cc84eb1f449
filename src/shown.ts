/** The user name and password in a URL: everything up to the last @ before the path. */
const USERINFO = /(?<=:\/\/)[^\t\n\r /?#"<>\\]*@/g;

/** Characters that end a line or control a terminal. */
const CONTROLS = /[\p{Cc}\p{Zl}\p{Zp}]+/gu;

/**
 * Characters that are invisible or change the direction of text: they can make a text look
 * different from what it is.
 */
const UNSEEN = /[\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

/**
 * Makes a text from others safe to show and store, as one line. Removes control characters, and
 * user names and passwords in URLs. Shows invisible characters as `<U+202E>`.
 */
export function shown(text: string): string {
  return text
    .replace(USERINFO, "")
    .replace(CONTROLS, " ")
    .replace(UNSEEN, (each) => `<U+${codeOf(each)}>`);
}

/** The same for a text of several lines. */
export function shownLines(text: string): string {
  return text.split("\n").map(shown).join("\n");
}

function codeOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code.toString(16).toUpperCase().padStart(4, "0");
}

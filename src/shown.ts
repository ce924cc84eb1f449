/** The user name and password of a URL, which every last @ before its path ends. */
const USERINFO = /(?<=:\/\/)[^\t\n\r /?#"<>\\]*@/g;

/** Ends lines, or is obeyed by terminals. */
const CONTROLS = /[\p{Cc}\p{Zl}\p{Zp}]+/gu;

/** Is not seen, or turns the direction of what stands around it: what is read then is not what is there. */
const UNSEEN = /[\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

/**
 * A text that somebody else wrote, as one line that may be shown and kept: without
 * control characters, with others that cannot be seen as `<U+202E>`, and with no user names and
 * passwords in its URLs.
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

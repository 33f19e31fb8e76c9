/**
 * Whether an answer is one at all. A model that was converted wrongly, or a runtime that mixes up its cache, is often as fast as a good one:
 * it repeats itself, prints control tokens or leaves the language. These checks find that; they do not ask whether an answer is true.
 */
import type { QualityPrompt } from "./prompt-set.ts";

/** A repeated piece counts from this many characters on altogether, and this many times: "ha ha ha" and a line of dashes are text. */
const LOOP_CHARACTERS_MIN = 40;
const LOOP_TIMES_MIN = 5;
const LOOP_UNIT_CHARACTERS_MAX = 120;

/** From this many words on, this share of all runs of three words has to be new. */
const WORDS_TO_JUDGE_MIN = 40;
const DISTINCT_SHARE_MIN = 0.5;

/** No word of a language is that long; links and base64 are not asked for. */
const WORD_CHARACTERS_MAX = 80;

const SCRIPT_SHARE_MIN = 0.9;
/** Words that hardly a sentence does without, and how many of all words they have to be at least. */
const COMMON_SHARE_MIN = 0.05;
const COMMON_WORDS_FROM = 8;

/** What tells a language: the script of its letters and, where others share it, its commonest words. */
const LANGUAGES: Readonly<Record<string, { readonly letters: RegExp; readonly common: ReadonlySet<string> | null }>> = {
  en: { letters: /\p{Script=Latin}/u, common: new Set("the a an is are was of and to in it i you that for".split(" ")) },
  zh: { letters: /\p{Script=Han}/u, common: null },
};

/** All that is wrong with an answer, in whole sentences; empty for a good one. */
export function answerFaults(prompt: QualityPrompt, text: string): string[] {
  const faults = [repetitionFault(text), degenerationFault(text)];
  if (prompt.language !== undefined) faults.push(languageFault(text, prompt.language));
  if (prompt.keys !== undefined) faults.push(formatFault(text, prompt.keys));
  return faults.filter((fault) => fault !== null);
}

/** Why a text counts as repeating itself; null where it does not. */
function repetitionFault(text: string): string | null {
  const loop = loopIn(text);
  if (loop !== null) return `It says ${JSON.stringify(loop.unit)} ${loop.times} times in a row.`;
  const words = text.toLowerCase().match(/[\p{L}\p{N}']+/gu) ?? [];
  if (words.length < WORDS_TO_JUDGE_MIN) return null;
  const triples = words.slice(2).map((word, index) => `${words[index] ?? ""} ${words[index + 1] ?? ""} ${word}`);
  const share = new Set(triples).size / triples.length;
  return share >= DISTINCT_SHARE_MIN ? null : `It says the same again and again: ${Math.round(share * 100)} % of it is new.`;
}

/** The first piece of a text, with a letter or a digit in it, that stands there many times in a row. */
function loopIn(text: string): { readonly unit: string; readonly times: number } | null {
  for (let length = 1; length <= LOOP_UNIT_CHARACTERS_MAX; length++) {
    // `run` characters up to here equal the ones `length` before them.
    let run = 0;
    for (let at = length; at < text.length; at++) {
      run = text[at] === text[at - length] ? run + 1 : 0;
      const times = Math.floor(run / length) + 1;
      if (times < LOOP_TIMES_MIN || run + length < LOOP_CHARACTERS_MIN) continue;
      const unit = text.slice(at - length + 1, at + 1);
      if (/[\p{L}\p{N}]/u.test(unit)) return { unit: unit.trim(), times };
    }
  }
  return null;
}

/** Why a text counts as broken: nothing, half characters, control tokens, words without end. null where it is whole. */
function degenerationFault(text: string): string | null {
  if (text.trim() === "") return "It is empty.";
  if (text.includes("\uFFFD")) return "It has broken characters (U+FFFD).";
  if (/[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F]/.test(text)) return "It has control characters.";
  const token = /\[PAD\d*\]|<\|[^|<>\s]{1,40}\|>|<unk>|<\/?s>|<(?:start|end)_of_turn>/.exec(text)?.[0];
  if (token !== undefined) return `It shows the control token ${token}.`;
  const long = text.split(/\s+/).find((word) => word.length > WORD_CHARACTERS_MAX && /^[\p{Script=Latin}\p{N}]+$/u.test(word));
  return long === undefined ? null : `It has a word of ${long.length} characters.`;
}

/** Why a text counts as not in a language; null where it is, or where the language is none that can be told. */
function languageFault(text: string, language: string): string | null {
  const known = LANGUAGES[language];
  const letters = text.match(/\p{L}/gu) ?? [];
  if (known === undefined || letters.length === 0) return null;
  const share = letters.filter((letter) => known.letters.test(letter)).length / letters.length;
  if (share < SCRIPT_SHARE_MIN)
    return `It is not in the language of the question (${language}): ${Math.round(share * 100)} % of its letters are.`;
  const words = text.toLowerCase().match(/\p{L}+/gu) ?? [];
  if (known.common === null || words.length < COMMON_WORDS_FROM) return null;
  const common = words.filter((word) => known.common?.has(word) === true).length / words.length;
  return common >= COMMON_SHARE_MIN ? null : `It is not in the language of the question (${language}): hardly a common word is in it.`;
}

/** Why a text is not the JSON object that was asked for; null where it is. */
function formatFault(text: string, keys: Readonly<Record<string, string>>): string | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return "It is not JSON.";
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "It is JSON, but no object.";
  const given = value as Readonly<Record<string, unknown>>;
  const missing = Object.entries(keys).filter(([key, type]) => !hasType(given[key], type));
  return missing.length === 0 ? null : `Of its keys, ${missing.map(([key]) => key).join(" and ")} is missing or of another type.`;
}

function hasType(value: unknown, type: string): boolean {
  return type === "integer" ? Number.isInteger(value) : typeof value === type;
}

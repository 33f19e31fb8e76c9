/** From answers to what the server goes by: only what was answered whole counts, all else stays unknown. */
import type { PromptCacheFindings, RuntimeFindings } from "../../core/runtime-findings.ts";
import type { Answer } from "./ask-library.ts";
import { BATCH_SIZES } from "./batch-questions.ts";
import { PREFIX_PROMPT_TOKENS } from "./context-questions.ts";
import type { Facts } from "./question.ts";

/** What follows from the answers. */
export function findingsOf(answers: readonly Answer[]): RuntimeFindings {
  const of = (question: string): Answer | undefined => answers.find((answer) => answer.question === question);
  const facts = (question: string): Facts | undefined => {
    const answer = of(question);
    return answer?.ending === "answered" ? answer.facts : undefined;
  };
  const findings: { -readonly [Name in keyof RuntimeFindings]: RuntimeFindings[Name] | undefined } = {
    contextReserveTokens: reserveOf(facts("prompt-limit")),
    contextStepTokens: facts("odd-context")?.["whole"] === true ? 1 : undefined,
    vectorsNeedEmptyCache: needsEmptyCache(facts("hidden"), facts("logits")),
    abortStopsPrefill: effectOf(facts("abort-prefill")),
    idleAbortEndsNextRun: facts("abort-idle")?.["next"] === "cut" ? true : undefined,
    readsPromptsWhole: facts("prefix")?.["read"] === PREFIX_PROMPT_TOKENS ? true : undefined,
    openMs: of("open")?.ending === "answered" ? of("open")?.figures["processOpenMs"] : undefined,
    batchMax: batchMaxOf(of),
    batchTakesNoInput: idleMembersOf(of),
    promptCache: promptCacheOf(of),
  };
  return Object.fromEntries(Object.entries(findings).filter(([, value]) => value !== undefined));
}

/** Where longer prompts are cut without a word, what they may be was not seen. */
function reserveOf(facts: Facts | undefined): number | undefined {
  const reserve = facts?.["reserve"];
  return facts?.["overflow"] === "refused" && typeof reserve === "number" ? reserve : undefined;
}

/** A model without logits is no reranker: then the hidden layer alone decides, and the other way round. */
function needsEmptyCache(...kinds: readonly (Facts | undefined)[]): boolean | undefined {
  const there = kinds.filter((facts) => facts?.["available"] === true);
  if (there.length === 0 || kinds.includes(undefined)) return undefined;
  return !there.every((facts) => facts?.["again"] === "same" && facts["beyond"] === "same" && facts["afterAnswer"] === "same");
}

function effectOf(facts: Facts | undefined): boolean | undefined {
  const effect = facts?.["effect"];
  return effect === undefined ? undefined : effect === "stops";
}

/** Sizes that were not asked about, because no run ends, say nothing; one that crashed says no. */
function batchMaxOf(of: (question: string) => Answer | undefined): number | undefined {
  const asked = BATCH_SIZES.map((size) => ({ size, answer: of(`batch-${size}`) })).filter(({ answer }) => answer !== undefined);
  if (asked.every(({ answer }) => answer?.ending === "not asked")) return undefined;
  const works = ({ answer }: (typeof asked)[number]) => answer?.facts["answers"] === "right" && answer.facts["oneToken"] === true;
  // A size works for sure only where the smaller ones do.
  const failed = asked.findIndex((each) => !works(each));
  const good = failed < 0 ? asked : asked.slice(0, failed);
  return good.at(-1)?.size ?? 1;
}

/** Of every size that works. */
function idleMembersOf(of: (question: string) => Answer | undefined): boolean | undefined {
  const told = BATCH_SIZES.flatMap((size) => of(`batch-${size}`)?.facts["noInput"] ?? []);
  return told.length === 0 ? undefined : told.every((what) => what === "works");
}

function promptCacheOf(of: (question: string) => Answer | undefined): PromptCacheFindings | undefined {
  const cache = of("prompt-cache");
  if (cache === undefined || cache.ending === "not asked") return undefined;
  const works = cache.ending === "answered" && cache.facts["right"] === true;
  const bytesPerToken = cache.figures["cacheBytesPerToken"];
  return {
    works,
    loadAfterAbort: works && of("cache-after-abort")?.facts["loads"] === "right",
    ...(works && bytesPerToken !== undefined ? { bytesPerToken } : {}),
  };
}

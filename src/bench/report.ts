/** What `rockchip-llama bench` finds out: the shape of its JSON. */
import type { MachineFacts } from "./machine.ts";
import type { Summary } from "./statistics.ts";

/** Marks the JSON of a report. */
export const REPORT_KIND = "rockchip-llama bench";
/** Changes when a figure gets another meaning; reports of two formats are not compared. */
export const REPORT_FORMAT = 1;

/** What is measured, how, and where: two reports whose facts differ are about different things. */
export interface ReportFacts {
  readonly machine: MachineFacts;
  readonly model: string;
  /** SHA-256 that tells the model from every other. */
  readonly modelDigest: string;
  readonly contextTokens: number;
  readonly threads: number;
  readonly nBatch: number;
  readonly promptSet: number;
  readonly promptTokens: readonly number[];
  readonly outputTokens: number;
  readonly concurrency: readonly number[];
}

/** The figures for one length of prompt and one number of clients. Milliseconds, tokens a second, megabytes. */
export interface Cell {
  /** Tokens asked for, and how many the prompts had. */
  readonly promptTokens: number;
  readonly promptTokensSent: number;
  readonly concurrency: number;
  /** Tokens of an answer, at the median: models end when they like. */
  readonly outputTokens: number;
  readonly ttftMs: Summary;
  /** Mean time between tokens of one answer. null where answers have one token. */
  readonly itlMs: Summary | null;
  /** Longest silence within an answer. null as above. */
  readonly longestGapMs: Summary | null;
  readonly endToEndMs: Summary;
  /** Waiting for other answers, as the server reports it. This and all below: null where the server reports nothing. */
  readonly queueMs: Summary | null;
  /** By the runtime's clock. */
  readonly prefillPerS: Summary | null;
  readonly decodePerS: Summary | null;
  /** All clients' tokens together over the time of a round. */
  readonly throughputPerS: Summary;
  /** Most memory the model's process has had. */
  readonly memoryMb: number | null;
}

/** One judged answer. */
export interface QualityResult {
  readonly id: string;
  readonly faults: readonly string[];
  /** Its beginning. */
  readonly answer: string;
}

/** What Rockchip publishes for this model on this SoC, at 128 tokens in and 64 out; null with the reason where there is nothing. */
export type PublishedResult =
  | { readonly title: string; readonly soc: string; readonly ttftMs: number; readonly tokensPerS: number; readonly memoryMb: number }
  | { readonly none: string };

/** A whole report. */
export interface Report {
  readonly kind: typeof REPORT_KIND;
  readonly format: typeof REPORT_FORMAT;
  /** ISO 8601. */
  readonly date: string;
  /** The command that makes it again. */
  readonly command: string;
  readonly version: string;
  readonly runtimeVersion: string;
  readonly repeats: number;
  readonly facts: ReportFacts;
  readonly cells: readonly Cell[];
  readonly quality: readonly QualityResult[];
  readonly published: PublishedResult;
}

/** Whether every answer was one. */
export function passes({ quality }: Pick<Report, "quality">): boolean {
  return quality.every(({ faults }) => faults.length === 0);
}

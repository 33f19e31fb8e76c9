/** Keys of server.json for what is kept on disk: how much of it, and for how long. */
import { setting } from "./setting.ts";
import { choice, integer, number } from "./value-type.ts";

/** Prompts and responses in files of `cache_dir`. */
export const STORAGE = {
  prompt_cache: setting(choice("auto", "on", "off"), "auto", {
    group: "Prompt cache",
    about:
      "Keeps on disk what was computed of prompts whose place in memory is taken by others; `auto` where the library is known to do it right.",
  }),
  prompt_cache_bytes_max: setting(integer(0, 1_099_511_627_776, "bytes"), 1_073_741_824, {
    group: "Prompt cache",
    about:
      "Most bytes that the files take together; the least used go first, those of warm-ups last. A disk that is nearly full holds fewer.",
  }),
  prompt_cache_age_max_s: setting(number(1, 315_360_000, "seconds"), 604_800, {
    group: "Prompt cache",
    about: "How long a file that nobody uses is kept.",
  }),
  prompt_cache_bytes_per_day_max: setting(integer(0, 1_099_511_627_776, "bytes"), 8_589_934_592, {
    group: "Prompt cache",
    about: "Most bytes that are written on a day: flash memory wears.",
  }),
  responses_max: setting(integer(0, 100_000), 1000, {
    group: "Responses",
    about: "Answers of `/v1/responses` that are kept in a file of `cache_dir`, so that a client can go on from them; 0 keeps none.",
  }),
  responses_bytes_max: setting(integer(65_536, 17_179_869_184, "bytes"), 67_108_864, {
    group: "Responses",
    about: "Most bytes that they take together; the oldest go first.",
  }),
  responses_age_max_s: setting(number(1, 315_360_000, "seconds"), 2_592_000, {
    group: "Responses",
    about: "How long one is kept.",
  }),
};

/** Bounds on a model's JSON. They hold for any schema, so that reading and checking it takes bounded time. */

/** Arrays and objects within each other. */
export const JSON_DEPTH_MAX = 64;
/** A key's UTF-16 units. */
export const KEY_LENGTH_MAX = 512;
/** Text before the value that is passed over ("Here is the JSON you asked for:"), in UTF-16 units. */
export const PROSE_LENGTH_MAX = 400;
/** A number's characters. The largest one that fits a double has 309 digits; a model caught in a loop writes them for ever. */
export const NUMBER_LENGTH_MAX = 400;

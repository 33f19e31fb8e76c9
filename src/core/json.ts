/** JSON in the program's own vocabulary. */

/** Whether a text is JSON, whatever its value. */
export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Go templates, which Modelfiles have and which are not run here. */

/** A field, a variable or an action of Go's; in Jinja none of them can stand behind `{{`. */
const GO_TAG = /\{\{-?\s*(?:\$?\.(?:[A-Z]|\s*\}\})|\$\w*\s|(?:if|range|with|else|end|template|define|block)\b(?!\s*\())/;

/** Whether a template is written for Go and not in Jinja. */
export function isGoTemplate(text: string): boolean {
  return GO_TAG.test(text) && !text.includes("{%");
}

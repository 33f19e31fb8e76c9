/** Colours for code: the highlighter's tree becomes elements, never a text with markup in it. */
import bash from "highlight.js/lib/languages/bash";
import c from "highlight.js/lib/languages/c";
import cpp from "highlight.js/lib/languages/cpp";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import dockerfile from "highlight.js/lib/languages/dockerfile";
import go from "highlight.js/lib/languages/go";
import ini from "highlight.js/lib/languages/ini";
import java from "highlight.js/lib/languages/java";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import python from "highlight.js/lib/languages/python";
import rust from "highlight.js/lib/languages/rust";
import sql from "highlight.js/lib/languages/sql";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";
import { createLowlight } from "lowlight";
import type { ComponentChildren } from "preact";

const languages = { bash, c, cpp, css, diff, dockerfile, go, ini, java, javascript, json, python, rust, sql, typescript, xml, yaml };
const lowlight = createLowlight(languages);

/** Longer code stays uncoloured: it would be coloured anew at every word that comes. */
const LENGTH_MAX = 20_000;

type Node = ReturnType<typeof lowlight.highlight>["children"][number];

/** The code in elements of the classes `hljs-…`, or as plain text in a language that is not known. */
export function highlight(code: string, language: string): ComponentChildren {
  if (code.length > LENGTH_MAX || !lowlight.registered(language)) return code;
  return lowlight.highlight(language, code).children.map(element);
}

function element(node: Node): ComponentChildren {
  if (node.type === "text") return node.value;
  if (node.type !== "element") return null;
  const classes = node.properties["className"];
  return <span class={Array.isArray(classes) ? classes.join(" ") : ""}>{node.children.map(element)}</span>;
}

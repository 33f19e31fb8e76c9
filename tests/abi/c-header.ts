/** Reads the struct and function declarations of external/rkllm-cpu/rkllm.h, so that tests notice what only one side declares. */

/** Path of the folder with our own C declarations. */
export const HEADER_FOLDER = new URL("../../external/rkllm-cpu/", import.meta.url).pathname;

/** What one header declares for one value of RKLLM_ABI. */
export interface HeaderDeclarations {
  /** Struct name -> field name (dotted inside unnamed inner structs) -> type as the layout tables name it. */
  readonly structs: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Function name -> parameter and return types in bun:ffi's terms; struct results are named by their struct. */
  readonly functions: Readonly<Record<string, { readonly args: readonly string[]; readonly returns: string }>>;
}

/** Declarations of the header's text. Understands the C that the header is written in, no more; anything else throws. */
export function parseHeader(text: string, headerMacro: number): HeaderDeclarations {
  const code = selectBranches(text.replace(/\/\*[\s\S]*?\*\//g, ""), headerMacro);
  const structs: Record<string, Record<string, string>> = {};
  for (const { body, name } of structBodies(code)) structs[name] = fieldsOf(body, "");
  const functions: HeaderDeclarations["functions"] = Object.fromEntries(
    [...code.matchAll(/^(\w+) (rkllm_\w+)\(([^)]*)\);$/gm)].map(([, returns = "", name = "", parameters = ""]) => [
      name,
      { args: parameters === "void" ? [] : parameters.split(",").map((one) => typeOf(one)), returns: typeOf(`${returns} result`) },
    ]),
  );
  return { structs, functions };
}

/** Keeps the lines that the preprocessor would keep. */
function selectBranches(text: string, headerMacro: number): string {
  const taken: boolean[] = [];
  const kept: string[] = [];
  for (const line of text.split("\n").map((one) => one.trimEnd())) {
    const comparison = /^#if RKLLM_ABI >= (\d+)$/.exec(line);
    if (comparison !== null) taken.push(headerMacro >= Number(comparison[1]));
    else if (/^#ifndef RKLLM_H$/.test(line)) taken.push(true);
    else if (/^#ifndef RKLLM_ABI$|^#if RKLLM_ABI != \d+(?: && RKLLM_ABI != \d+)*$/.test(line)) taken.push(false);
    else if (line === "#else") taken.push(!taken.pop()!);
    else if (line === "#endif") taken.pop();
    else if (/^#(?!define|error)/.test(line)) throw new Error(`The header parser does not know: ${line}`);
    else if (!taken.includes(false) && !line.startsWith("#")) kept.push(line);
  }
  return kept.join("\n");
}

/** The bodies of all `typedef struct { … } Name;`, inner braces included. */
function structBodies(code: string): { body: string; name: string }[] {
  return [...code.matchAll(/typedef struct \{\n([\s\S]*?)\n\} (\w+);/g)].map(([, body = "", name = ""]) => ({ body, name }));
}

function fieldsOf(body: string, prefix: string): Record<string, string> {
  const fields: Record<string, string> = {};
  const outside = body.replace(/(struct|union) \{([^}]*)\} ?(\w*);/g, (_, _kind: string, inner: string, name: string) => {
    Object.assign(fields, fieldsOf(inner, name === "" ? prefix : `${prefix}${name}.`));
    return "";
  });
  for (const declaration of outside.split(";").map((one) => one.trim())) {
    if (declaration === "") continue;
    const [, name = "", count] = /(\w+)(?:\[(\d+)\])?$/.exec(declaration) ?? [];
    fields[`${prefix}${name}`] = count === undefined ? typeOf(declaration) : `${typeOf(declaration.replace(/\[\d+\]$/, ""))}[${count}]`;
  }
  return fields;
}

const TYPES: Readonly<Record<string, string>> = {
  int8_t: "i8",
  uint8_t: "u8",
  _Bool: "bool",
  int: "i32",
  int32_t: "i32",
  uint32_t: "u32",
  size_t: "size",
  float: "f32",
  RKLLMInputType: "i32",
  RKLLMInferMode: "i32",
  LLMHandle: "ptr",
  LLMResultCallback: "ptr",
  LLMTokenizerCallback: "ptr",
  LLMGetEmbedCallback: "ptr",
};

/** Type of a declaration such as `const char *path`. */
function typeOf(declaration: string): string {
  if (declaration.includes("*")) return "ptr";
  const type = declaration.trim().replace(/\s+\w+$/, "");
  const known = TYPES[type] ?? (type.startsWith("RKLLM") ? type : undefined);
  if (known === undefined) throw new Error(`The header parser does not know the type of: ${declaration}`);
  return known;
}

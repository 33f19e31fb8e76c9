/** A block of code: its language, a button that copies it, and the code itself. */
import { useMemo } from "preact/hooks";
import { CopyButton } from "../parts/copy-button.tsx";
import { highlight } from "./highlight.tsx";

/** `language` is what stands behind the fence. */
export function CodeBlock({ code, language }: { readonly code: string; readonly language: string }) {
  const coloured = useMemo(() => highlight(code, language.toLowerCase()), [code, language]);
  return (
    <div class="code">
      <div class="code-head">
        <span>{language === "" ? "text" : language}</span>
        <CopyButton text={code} label="Copy the code" />
      </div>
      <pre tabIndex={0} role="group" aria-label={language === "" ? "Code" : `Code in ${language}`}>
        <code>{coloured}</code>
      </pre>
    </div>
  );
}

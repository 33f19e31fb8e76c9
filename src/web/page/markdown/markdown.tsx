/**
 * Markdown as elements. The text comes from a model, so it is trusted with nothing: it is read into tokens and every token becomes an
 * element made here. No text is ever parsed as HTML; what looks like HTML is shown as it was written. Images are links, since the page
 * loads nothing from elsewhere, and links lead only to the web and to mail.
 */
import { lexer, type Token, type Tokens, type TokensList } from "marked";
import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";
import { CodeBlock } from "./code-block.tsx";
import { decodeEntities } from "./entities.ts";

/** Shows a text in Markdown. */
export function Markdown({ text }: { readonly text: string }) {
  const body = useMemo(() => {
    const tokens = read(text);
    if (tokens === null) return <p class="raw">{text}</p>;
    const links = Object.keys(tokens.links).length;
    return tokens.map((token, index) => <Block key={index} token={token} links={links} />);
  }, [text]);
  return <div class="markdown">{body}</div>;
}

/** A piece that is made once: an answer grows at its end alone. `links` counts the addresses given elsewhere, which may be used in any piece. */
function Block({ token, links }: { readonly token: Token; readonly links: number }) {
  return useMemo(() => <>{block(token, 0)}</>, [token.raw, links]);
}

const SAFE_LINK = /^(?:https?:\/\/|mailto:)/i;

/** The conversation itself is the h1. */
const HEADINGS = ["h2", "h3", "h4", "h5", "h6"] as const;

/** How deep lists, quotes and emphasis may be inside each other; what is deeper is shown as it was written. */
const DEPTH_MAX = 30;

/** Null for a text that the reader breaks on: thousands of quotes in each other are too many for its stack. */
function read(text: string): TokensList | null {
  try {
    return lexer(text);
  } catch {
    return null;
  }
}

function blocks(tokens: readonly Token[], depth: number): ComponentChildren {
  return tokens.map((token) => block(token, depth));
}

function block(token: Token, depth: number): ComponentChildren {
  if (depth > DEPTH_MAX) return token.raw;
  switch (token.type) {
    case "heading": {
      const { depth, tokens } = token as Tokens.Heading;
      const Heading = HEADINGS[Math.min(depth, HEADINGS.length) - 1] ?? "h6";
      return <Heading>{inlines(tokens, depth)}</Heading>;
    }
    case "paragraph":
      return <p>{inlines((token as Tokens.Paragraph).tokens, depth)}</p>;
    case "code": {
      const { text, lang } = token as Tokens.Code;
      return <CodeBlock code={text} language={lang?.split(/\s/)[0] ?? ""} />;
    }
    case "blockquote":
      return <blockquote>{blocks((token as Tokens.Blockquote).tokens, depth + 1)}</blockquote>;
    case "list":
      return list(token as Tokens.List, depth);
    case "table":
      return table(token as Tokens.Table, depth);
    case "hr":
      return <hr />;
    case "space":
    case "def":
      return null;
    case "html":
      return <p class="raw">{(token as Tokens.HTML).text}</p>;
    default:
      return inline(token, depth);
  }
}

function list({ ordered, start, items }: Tokens.List, depth: number): ComponentChildren {
  const entries = items.map((item) => (
    <li>
      {item.task && (
        <input type="checkbox" checked={item.checked === true} disabled aria-label={item.checked === true ? "Done" : "Not done"} />
      )}
      {blocks(
        item.tokens.filter(({ type }) => type !== "checkbox"),
        depth + 1,
      )}
    </li>
  ));
  return ordered ? <ol start={typeof start === "number" ? start : 1}>{entries}</ol> : <ul>{entries}</ul>;
}

function table({ header, rows }: Tokens.Table, depth: number): ComponentChildren {
  return (
    <div class="table" tabIndex={0} role="group" aria-label="Table">
      <table>
        <thead>
          <tr>
            {header.map(({ tokens, align }) => (
              <th scope="col" class={align ?? ""}>
                {inlines(tokens, depth)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr>
              {row.map(({ tokens, align }) => (
                <td class={align ?? ""}>{inlines(tokens, depth)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function inlines(tokens: readonly Token[] | undefined, depth: number): ComponentChildren {
  return (tokens ?? []).map((token) => inline(token, depth + 1));
}

function inline(token: Token, depth: number): ComponentChildren {
  if (depth > DEPTH_MAX) return token.raw;
  switch (token.type) {
    case "strong":
      return <strong>{inlines((token as Tokens.Strong).tokens, depth)}</strong>;
    case "em":
      return <em>{inlines((token as Tokens.Em).tokens, depth)}</em>;
    case "del":
      return <del>{inlines((token as Tokens.Del).tokens, depth)}</del>;
    case "codespan":
      return <code>{(token as Tokens.Codespan).text}</code>;
    case "br":
      return <br />;
    case "link": {
      const { href, tokens } = token as Tokens.Link;
      return link(href, inlines(tokens, depth));
    }
    case "image": {
      const { href, text } = token as Tokens.Image;
      return link(href, text === "" ? href : text);
    }
    case "text": {
      const { tokens, text } = token as Tokens.Text;
      return tokens === undefined ? decodeEntities(text) : inlines(tokens, depth);
    }
    case "escape":
      return (token as Tokens.Escape).text;
    default:
      return token.raw;
  }
}

function link(href: string, children: ComponentChildren): ComponentChildren {
  if (!SAFE_LINK.test(href)) return children;
  return (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  );
}

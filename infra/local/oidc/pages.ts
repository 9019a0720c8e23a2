// The provider's few pages. They say on every screen that this is a demonstration.
import { IDENTITIES } from "./identities.ts";

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:3rem auto;padding:0 1rem;color:#1c2733;background:#f6f8fa}
h1{font-size:1.4rem}p.demo{border-left:4px solid #c77700;padding:.4rem .8rem;background:#fff6e5}
button{display:block;width:100%;margin:.4rem 0;padding:.6rem .8rem;text-align:left;font:inherit;border:1px solid #b8c4d0;border-radius:6px;background:#fff;cursor:pointer}
button:hover,button:focus{border-color:#2463a8}small{color:#5a6b7b}input[type=text]{font:inherit;padding:.5rem;width:100%;box-sizing:border-box}code{font-size:1.5rem}`;

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
export const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (found) => ENTITIES[found] as string);

/** @param body HTML */
export function page(title: string, body: string): string {
  return `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>${STYLE}</style></head><body>
<h1>${escapeHtml(title)}</h1>
<p class="demo">This is a demonstration. There are no passwords and no real people: whoever can reach this page can be anybody on it.</p>
${body}</body></html>`;
}

/** People to choose from: a form that posts `login`. */
export function loginPage(): string {
  const buttons = IDENTITIES.filter(({ kind }) => kind === "person").map(
    ({ name, description }) =>
      `<button name="login" value="${escapeHtml(name)}"><b>${escapeHtml(name)}</b> <small>${escapeHtml(description)}</small></button>`,
  );
  return page("Who are you?", `<form method="post">${buttons.join("\n")}</form>`);
}

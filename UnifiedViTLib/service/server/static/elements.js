// Elements of the page. Whatever comes from the server or a file goes in as text, never as HTML.

export const $ = (id) => document.getElementById(id);

/** An element with properties, and children that are elements or texts. */
export function element(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-")) node.setAttribute(name, value);
    else node[name] = value;
  }
  node.append(...children.map((child) => (child instanceof Node ? child : String(child))));
  return node;
}

/** The terms and descriptions of a list, in place of those that it has; pairs without a description are left out. */
export function describe(list, pairs) {
  list.replaceChildren(...pairs.filter(([, words]) => words).flatMap(
    ([term, words]) => [element("dt", {}, term), element("dd", {}, words)]));
}

export const percent = (value, digits = 0) => `${(100 * value).toFixed(digits)} %`;

/** Both in percent, with as many decimals as tell them apart: 90.8 % is not to be told as 91 %, under 91 %. */
export function percents(value, threshold, digits = 0) {
  let both = [];
  for (let decimals = digits; decimals <= 16; decimals += 1) {
    both = [percent(value, decimals), percent(threshold, decimals)];
    if (both[0] !== both[1] || value === threshold) break;
  }
  return both;
}

export const megabytes = (bytes) => (bytes < 1e5 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);

export const rgb = ([red, green, blue]) => `rgb(${red}, ${green}, ${blue})`;

/**
 * An HTML element; text goes in as text, so that nothing is ever parsed.
 *
 * @param {string} tag
 * @param {Record<string, string | boolean>} [attributes] `true` sets one without a value, `false` leaves it out.
 * @param {...(Node | string)} children
 * @returns {HTMLElement}
 */
export function html(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** An SVG element. */
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) if (value !== false) element.setAttribute(name, value === true ? '' : value);
  element.append(...children);
  return element;
}

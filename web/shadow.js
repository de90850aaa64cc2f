import { html } from './elements.js';

/**
 * Puts something into an element's shadow tree, where the chat's styles reach it and the page's do not.
 *
 * @param {HTMLElement} element
 * @param {HTMLElement} frame Seen as soon as the styles are there.
 * @param {() => void} shown Called then.
 */
export function adopt(element, frame, shown) {
  const root = element.shadowRoot ?? element.attachShadow({ mode: 'open' });
  let styles = root.querySelector('link');
  if (!styles) {
    styles = html('link', { rel: 'stylesheet', href: new URL('./chat.css', import.meta.url).href });
    root.append(styles);
  }
  root.append(frame);
  const reveal = () => {
    frame.hidden = false;
    shown();
  };
  if (styles.sheet) {
    reveal();
    return;
  }
  frame.hidden = true;
  styles.addEventListener('load', reveal);
  // A chat without its looks is better than none.
  styles.addEventListener('error', reveal);
}

let translations = {};

/**
 * Sets the language of the chat; to be called before anything is shown.
 *
 * @param {Record<string, string>} texts The translation of each English text; what is missing stays English.
 */
export function translate(texts) {
  translations = texts;
}

/**
 * What to show for an English text.
 *
 * @param {string} english May have `{name}`s.
 * @param {Record<string, string | number>} [values] What stands in their places.
 */
export function text(english, values = {}) {
  const words = Object.hasOwn(translations, english) ? translations[english] : english;
  return words.replace(/\{(\w+)\}/g, (whole, name) => (Object.hasOwn(values, name) ? values[name] : whole));
}

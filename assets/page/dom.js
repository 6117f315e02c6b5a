/** The few things that the page needs of a framework. */

/**
 * Makes an element. `on…` are listeners, `class` and `data-…` attributes, `hidden`, `disabled`,
 * `value` and the like properties; null and false leave an attribute out. Text is text: nothing
 * that a server or a file says is ever read as HTML.
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name in element && name !== 'list' && name !== 'form') element[name] = value;
    else if (value !== null && value !== undefined && value !== false)
      element.setAttribute(name, value === true ? '' : value);
  }
  if (props.class) element.className = props.class;
  put(element, ...children);
  return element;
}

const SVG = 'http://www.w3.org/2000/svg';

/** Makes an element of a drawing. */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  put(element, ...children);
  return element;
}

/** Appends nodes and texts, lists of them too; null and false are nothing. */
function put(element, ...children) {
  element.append(
    ...children.flat(Number.POSITIVE_INFINITY).filter((c) => c !== null && c !== undefined && c !== false),
  );
  return element;
}

/** Puts these in the place of what an element holds. */
export function fill(element, ...children) {
  element.replaceChildren();
  return put(element, ...children);
}

/** Says something to who listens to the page instead of looking at it. */
export function say(text) {
  document.getElementById('says').textContent = text;
}

/** Asks before something that cannot be undone. */
export function isSure({ title, text, yes }) {
  const dialog = document.getElementById('sure');
  document.getElementById('sure-title').textContent = title;
  document.getElementById('sure-text').textContent = text;
  document.getElementById('sure-yes').textContent = yes;
  dialog.showModal();
  return new Promise((resolve) => {
    const heard = new AbortController();
    const { signal } = heard;
    const answer = (isYes) => {
      heard.abort();
      resolve(isYes);
    };
    dialog.addEventListener('submit', ({ submitter }) => answer(submitter?.value === 'yes'), { signal });
    dialog.addEventListener('cancel', () => answer(false), { signal });
    // A browser may leave out `cancel`. `close` comes late: while the dialog is open it is of the
    // time before.
    dialog.addEventListener('close', () => dialog.open || answer(false), { signal });
  });
}

/**
 * Which view is shown, and what is common to all of them: the banner when the server has gone, the
 * token, the theme of the charts.
 */
import { Gone, link, listDetectors, Refused } from './api.js';
import { fill, h, say } from './dom.js';
import { overview } from './overview.js';
import { scanView } from './scan.js';
import { token } from './token.js';

const main = document.getElementById('main');
const gone = document.getElementById('gone');
const forget = document.getElementById('forget');
let leaving = new AbortController();
let isFirst = true;

/** `#/` and `#/?filters` are the overview, `#/scans/ID` a scan. */
async function show() {
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  const [path, query = ''] = location.hash.slice(1).split('?');
  const [, id] = /^\/scans\/([0-9a-zA-Z-]+)$/.exec(path) ?? [];
  const isMove = !isFirst;
  isFirst = false;
  try {
    fill(main, h('p', { class: 'state' }, 'Loading …'));
    const detectors = await listDetectors({ signal });
    signal.throwIfAborted();
    const view = { detectors, signal, parameters: new URLSearchParams(query) };
    if (id) await scanView(main, id, view);
    else await overview(main, view);
    if (isMove && !signal.aborted) (main.querySelector('h1') ?? main).focus({ preventScroll: true });
    if (isMove && id) scrollTo(0, 0);
  } catch (error) {
    if (signal.aborted) return;
    failed(error);
  }
}

function failed(error) {
  document.title = 'segcanary';
  // The view comes back by itself when the server does.
  if (error instanceof Gone) return fill(main, h('p', { class: 'state' }, 'Waiting for the server …'));
  const again = error.status === 401 ? 'Enter the token' : 'Try again';
  fill(
    main,
    h('section', { class: 'state' }, [
      h('h1', { tabindex: -1 }, error.status === 401 ? 'This server wants a token' : 'That did not work'),
      h('p', {}, error.message),
      h('p', { class: 'actions' }, [
        h('button', { type: 'button', class: 'strong', onclick: show }, again),
        h('a', { href: '#/' }, 'All scans'),
      ]),
    ]),
  );
  if (!(error instanceof Refused)) console.error(error);
}

link.addEventListener('gone', () => {
  gone.textContent = 'The server does not answer. What is shown may be out of date; this page tries again by itself.';
  gone.hidden = false;
});
link.addEventListener('back', () => {
  gone.hidden = true;
  say('The server answers again.');
  if (main.querySelector(':scope > .state')) show();
});
document.addEventListener('token', () => {
  forget.hidden = token.get() === null;
});
forget.hidden = token.get() === null;
forget.addEventListener('click', () => {
  token.forget();
  forget.hidden = true;
  show();
});
document.getElementById('skip').addEventListener('click', (event) => {
  event.preventDefault();
  main.focus();
});
addEventListener('hashchange', show);
show();

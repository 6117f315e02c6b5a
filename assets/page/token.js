/** The server's token: asked for when the server wants one, kept for as long as the tab is open. */
const KEY = 'segcanary-token';

export const token = {
  get: () => sessionStorage.getItem(KEY),
  forget: () => sessionStorage.removeItem(KEY),
};

let asking = null;

/**
 * Asks for the token, once for all requests that want it. False where nobody gives one.
 *
 * @param sent the token that the server did not take; null where none was sent
 */
export function askForToken(sent) {
  // Another request may have asked meanwhile.
  if (token.get() !== sent) return Promise.resolve(token.get() !== null);
  asking ??= ask(sent !== null).finally(() => {
    asking = null;
  });
  return asking;
}

function ask(wasWrong) {
  const dialog = document.getElementById('token');
  const field = document.getElementById('token-field');
  document.getElementById('token-why').textContent = wasWrong
    ? 'The server did not take that token. It is the one that the server was started with.'
    : 'This server answers only to who has its token. It is kept until this tab is closed.';
  field.value = '';
  field.setAttribute('aria-invalid', String(wasWrong));
  dialog.returnValue = '';
  if (!dialog.open) dialog.showModal();
  field.focus();
  document.getElementById('token-cancel').onclick = () => dialog.close('');
  return new Promise((resolve) => {
    dialog.addEventListener(
      'close',
      () => {
        const given = field.value.trim();
        field.value = '';
        // A submit button without a value leaves '' too: what tells is whether the form was sent.
        const isGiven = dialog.dataset.sent === 'yes' && given !== '';
        delete dialog.dataset.sent;
        if (isGiven) sessionStorage.setItem(KEY, given);
        document.dispatchEvent(new Event('token'));
        resolve(isGiven);
      },
      { once: true },
    );
    dialog.querySelector('form').onsubmit = () => {
      dialog.dataset.sent = 'yes';
    };
  });
}

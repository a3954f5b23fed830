/*
 * Keeps the page of an order up to date while it is open: each `order` event of the stream brings the new inside of
 * <main>, `end` says that there is nothing more to come. Without this script the page reads and works the same.
 */
'use strict';

(() => {
  const main = document.querySelector('main[data-events]');
  if (main === null) return;
  const announcer = document.getElementById('announcer');
  const source = new EventSource(main.dataset.events);
  main.dataset.connection = 'opening';

  source.addEventListener('open', () => {
    main.dataset.connection = 'open';
  });
  source.addEventListener('error', () => {
    // Browsers try again unless the server refused.
    if (source.readyState === EventSource.CLOSED) delete main.dataset.connection;
    else main.dataset.connection = 'lost';
  });
  source.addEventListener('order', (event) => {
    const announced = announcement();
    replaceMain(JSON.parse(event.data).html);
    if (announcement() !== announced) announcer.textContent = announcement();
  });
  source.addEventListener('end', () => {
    source.close();
    delete main.dataset.connection;
  });

  function announcement() {
    return main.querySelector('[data-announce]')?.dataset.announce ?? '';
  }

  /** The reader stays where they are, with what they have typed and opened. */
  function replaceMain(html) {
    const focused = main.contains(document.activeElement) ? document.activeElement : null;
    const selection = isTextField(focused) ? [focused.selectionStart, focused.selectionEnd] : null;
    const typed = [...main.querySelectorAll('input[id]')].map(({ id, value }) => [id, value]);
    const opened = [...main.querySelectorAll('details[id][open]')].map(({ id }) => id);

    main.innerHTML = html;

    for (const [id, value] of typed) {
      const field = document.getElementById(id);
      if (field !== null && value !== '') field.value = value;
    }
    for (const id of opened) document.getElementById(id)?.setAttribute('open', '');
    if (focused === null || focused === main) return;
    const successor = focused.id === '' ? null : document.getElementById(focused.id);
    // What had the focus may be gone, with the decision that it was for.
    (successor ?? main).focus({ preventScroll: true });
    if (selection !== null && isTextField(successor)) successor.setSelectionRange(...selection);
  }

  function isTextField(element) {
    return element instanceof HTMLInputElement && element.type === 'text';
  }
})();

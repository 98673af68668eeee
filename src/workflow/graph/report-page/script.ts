/** Filtering and sorting of lists that are there without it. Plain text: it is put into the page as it stands. */
export const SCRIPT = `document.documentElement.classList.add('js')
for (const box of document.querySelectorAll('.controls')) {
  const list = document.getElementById(box.dataset.of)
  const items = [...list.children]
  const texts = items.map((item) => item.textContent.toLowerCase())
  const said = box.querySelector('output')
  box.querySelector('input').addEventListener('input', (event) => {
    const wanted = event.target.value.trim().toLowerCase()
    let shown = 0
    items.forEach((item, i) => {
      item.hidden = !texts[i].includes(wanted)
      if (!item.hidden) shown++
    })
    said.textContent = wanted ? shown + ' of ' + items.length : ''
  })
  for (const button of box.querySelectorAll('button')) button.addEventListener('click', () => {
    for (const other of box.querySelectorAll('button')) other.setAttribute('aria-pressed', String(other === button))
    const key = (item) => Number(item.dataset[button.dataset.by])
    list.append(...[...items].sort((a, b) => key(a) - key(b) || a.dataset.order - b.dataset.order))
  })
}
`

/** What the page's security policy lets run: this script and no other. base64 of SHA-256 of SCRIPT's UTF-8; a test holds it. */
export const SCRIPT_SHA256 = 'rz167TVGrh5YFxHAXjN/fp9qSVZ3hVjiWW0uqH7bMsU='

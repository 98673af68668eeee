/** as-pect's own configuration: tools/aspect.mjs names the specs. */
export default {
  include: ['assembly/__tests__/**/*.include.ts'],
  instantiate: (memory, createImports, instantiate, binary) => instantiate(binary, createImports({ env: { memory } })),
  outputBinary: false,
}

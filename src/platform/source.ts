/** Anything a model may come from. A string is a path in Node, Deno and Bun (or a URL where it looks like one), a URL elsewhere. */
export type Source = string | URL | ArrayBuffer | ArrayBufferView | Response | Blob | ReadableStream<Uint8Array>

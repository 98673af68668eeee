/** The ABI for inference: one line per export, by room. */
export { f32_unary } from "./elementwise/unary";

export interface Page {
  /** Loads a page and waits until it is drawn. */
  open(url: string): Promise<void>
  /** The value of an expression in the page (awaited where it is a promise). */
  evaluate<T>(expression: string): Promise<T>
  /** Size of the viewport in CSS pixels, colour scheme, medium. */
  emulate(options: { width: number; height: number; dark?: boolean; print?: boolean; scale?: number }): Promise<void>
  /** A PNG of the viewport, or of the whole page. */
  screenshot(options?: { whole?: boolean; clip?: { x: number; y: number; width: number; height: number } }): Promise<Uint8Array>
  /** The page as PDF, at the browser's defaults. */
  pdf(): Promise<Uint8Array>
  /** Errors and warnings that the page wrote, exceptions nobody caught, what its policy refused; requests for anything but the page itself. */
  readonly complaints: readonly string[]
  readonly requests: readonly string[]
}
/** Why pages cannot be drawn here, or false. In CI never: there a missing browser fails. */
export const skipWithoutChromium: string | false
/** Gives `use` a page in headless Chromium. */
export function withPage<T>(use: (page: Page) => Promise<T>): Promise<T>

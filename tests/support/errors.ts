import assert from 'node:assert/strict'
import { OctavoError, type ErrorCode } from '../../src/errors.js'

/** Fails unless `body` throws an OctavoError with this code. */
export const coded = (code: ErrorCode, body: () => unknown): void => assert.throws(body, (e) => e instanceof OctavoError && e.code === code || (console.error(e), false))

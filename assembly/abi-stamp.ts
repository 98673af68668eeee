// Written by tools/gen-abi.mjs from assembly/abi.ts and assembly/index.ts. Do not edit.
export const ABI: i32 = -275633043;

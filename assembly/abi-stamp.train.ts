// Written by tools/gen-abi.mjs from assembly/abi.train.ts and assembly/index.train.ts. Do not edit.
export const ABI: i32 = 539561186;

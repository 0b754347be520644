const PRIME = 0x100000001b3n;
const BASIS = 0xcbf29ce484222325n;

/** A short name for a text's content: 64-bit FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/), in hex. Not for secrets. */
export const digest = (text: string): string => {
  let hash = BASIS;
  for (const byte of new TextEncoder().encode(text)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * PRIME);
  }
  return hash.toString(16).padStart(16, '0');
};

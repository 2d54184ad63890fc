// A small generator of random numbers that says the same after the same seed everywhere (xorshift, 32 bits).
export function make_random(seed) {
  let state = (seed ^ 0x9e3779b9) >>> 0 || 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>>= 0) / 4294967296;
  };
  for (let i = 0; i < 8; i++) next();
  return {
    /// 0 … n - 1
    below: (n) => Math.floor(next() * n),
    chance: (p) => next() < p,
    pick: (list) => list[Math.floor(next() * list.length)],
  };
}

const INT8_MAX = 127;

/**
 * A vector in a quarter of its size: signed bytes, the largest component 127. The scale is not kept, since only
 * directions are compared; the error of a cosine is below a hundredth.
 */
export function quantise(vector: Float32Array): Int8Array {
  let largest = 0;
  for (const value of vector) largest = Math.max(largest, Math.abs(value));
  if (largest === 0) return new Int8Array(vector.length);
  const quantised = new Int8Array(vector.length);
  // A loop: `Int8Array.from` takes ten times as long, and whole collections are quantised.
  for (let index = 0; index < vector.length; index++) {
    quantised[index] = Math.round(((vector[index] ?? 0) / largest) * INT8_MAX);
  }
  return quantised;
}

/** The cosine of the angle between two vectors, from -1 to 1; 0 if one has no direction or their sizes differ. */
export function cosine(a: Float32Array, b: Int8Array | Float32Array): number {
  if (a.length !== b.length) return 0;
  let product = 0;
  let squaresOfA = 0;
  let squaresOfB = 0;
  for (let index = 0; index < a.length; index++) {
    const x = a[index] ?? 0;
    const y = b[index] ?? 0;
    product += x * y;
    squaresOfA += x * x;
    squaresOfB += y * y;
  }
  return squaresOfA === 0 || squaresOfB === 0 ? 0 : product / Math.sqrt(squaresOfA * squaresOfB);
}

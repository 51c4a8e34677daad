/** BullMQ sorts delayed jobs by their time with twelve more bits, which keep the order of equal times. */
const ORDER_BITS = 0x1000;

/** When a delayed job is due, in milliseconds since the Unix epoch. */
export function dueTimeOf(score: number): number {
  return Math.floor(score / ORDER_BITS);
}

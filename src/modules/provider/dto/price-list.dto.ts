import { z } from 'zod';

const price = (description: string, example: string) => z.string().meta({ description, examples: [example] });

export const priceListSchema = z.object({
  items: z.array(
    z.object({
      model: z.string().meta({ description: 'As requests name it.', examples: ['local'] }),
      input_per_million_tokens: price('Coins for a million tokens of the prompt.', '1.000000'),
      output_per_million_tokens: price('Coins for a million tokens of the answer.', '2.000000'),
      max_output_tokens: z
        .int()
        .meta({ description: 'The longest answer it gives; coins are held for as much.', examples: [4096] }),
      context_tokens: z
        .int()
        .meta({ description: 'What prompt and answer may have together.', examples: [128_000] }),
    }),
  ),
});
export type PriceList = z.infer<typeof priceListSchema>;

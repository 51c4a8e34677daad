import { z } from 'zod';
import { invalidRequest } from '../../../platform/errors/index.js';
import { decodeCursor, encodeCursor } from '../../../platform/http/index.js';
import { idSchema } from '../../../shared/ids.js';
import { CoinsFormatError, formatCoins, parseCoins } from '../../../shared/money.js';
import { type Errand, errandOutcomes, errandStates } from '../domain/errand.js';
import type { ErrandPage } from '../errand.repository.js';

const EXAMPLE_ID = '0197c5a2-8f00-7b11-8a3c-52f1e6d7c890';

/** A text as a person writes it. */
const text = (maxLength: number, description: string, example: string) =>
  z
    .string()
    .trim()
    .min(1)
    .max(maxLength)
    .meta({ description: `${description} Up to ${maxLength} characters.`, examples: [example] });

const requestedCoins = (description: string, example: string) =>
  z
    .string('must be a decimal string such as "12.5"')
    .max(64)
    .meta({ description, examples: [example] });

export const postErrandSchema = z.strictObject({
  title: text(200, 'What it is, in a line.', 'Proofread my essay'),
  description: text(5_000, 'What is to be done.', 'Ten pages in English, about rivers.'),
  reward: requestedCoins(
    'What it pays, in coins: a decimal string with at most six decimal places. Held from your account.',
    '12.5',
  ),
  deadline_at: z.iso.datetime({ offset: true }).meta({
    description: 'Until when somebody has to accept it, and should deliver.',
    examples: ['2027-01-31T12:00:00Z'],
  }),
});
export type PostErrand = z.infer<typeof postErrandSchema>;

export const deliverySchema = z.strictObject({
  delivery: text(20_000, 'What was asked for, or where it is.', 'See https://example.com/essay.pdf'),
});
export type Delivery = z.infer<typeof deliverySchema>;

export const disputeSchema = z.strictObject({
  reason: text(2_000, 'What is wrong with it.', 'Half of the pages are missing.'),
});
export type Dispute = z.infer<typeof disputeSchema>;

export const decisionSchema = z.strictObject({
  payment: requestedCoins(
    'What the expert gets of the reward, in coins; the poster gets the rest. All of it, nothing, or between.',
    '6.25',
  ),
  note: text(500, 'Why. Both parties can read it.', 'Half of the pages were delivered'),
});
export type Decision = z.infer<typeof decisionSchema>;

export const errandParamsSchema = z.object({ id: idSchema.meta({ examples: [EXAMPLE_ID] }) });
export type ErrandParams = z.infer<typeof errandParamsSchema>;

const pageFields = {
  limit: z.coerce.number().int().min(1).max(50).default(20).meta({ description: 'At most so many.' }),
  cursor: z.string().max(500).optional().meta({ description: '`next_cursor` of the page before.' }),
};
const stateFilter = z.enum(errandStates).exclude(['posting']);

export const openErrandsQuerySchema = z.object({
  ...pageFields,
  min_reward: requestedCoins('Those that pay at least so many coins.', '10').optional(),
  deadline_before: z.iso
    .datetime({ offset: true })
    .optional()
    .meta({ description: 'Those with an earlier deadline.', examples: ['2027-01-31T12:00:00Z'] }),
});
export type OpenErrandsQuery = z.infer<typeof openErrandsQuerySchema>;

export const ownErrandsQuerySchema = z.object({
  ...pageFields,
  party: z
    .enum(['poster', 'expert'])
    .default('poster')
    .meta({ description: 'Those that you posted, or those that you accepted.' }),
  state: stateFilter.optional().meta({ description: 'Those that stand so.' }),
});
export type OwnErrandsQuery = z.infer<typeof ownErrandsQuerySchema>;

export const allErrandsQuerySchema = z.object({
  ...pageFields,
  state: stateFilter.default('disputed').meta({ description: 'Those that stand so.' }),
});
export type AllErrandsQuery = z.infer<typeof allErrandsQuerySchema>;

const moment = (description: string) => z.iso.datetime().nullable().meta({ description });

const errandSchema = z.object({
  id: z.uuid().meta({ description: 'Also the id of its hold, and the reference of its journal entries.' }),
  poster_id: z.uuid(),
  expert_id: z.uuid().nullable().meta({ description: 'Who accepted it.' }),
  state: z.enum(errandStates).meta({ examples: ['open'] }),
  outcome: z
    .enum(errandOutcomes)
    .nullable()
    .meta({ description: 'Why it ended as it did; null until then.' }),
  title: z.string().meta({ examples: ['Proofread my essay'] }),
  description: z.string().meta({ examples: ['Ten pages in English, about rivers.'] }),
  reward: z.string().meta({ description: 'In coins.', examples: ['12.500000'] }),
  payment: z.string().nullable().meta({ description: 'What the expert gets; null until it ends.' }),
  deadline_at: z.iso.datetime(),
  ends_at: moment(
    'When it ends by itself: open or accepted, it is then cancelled; delivered, it is confirmed.',
  ),
  dispute_reason: z.string().nullable(),
  decision_note: z.string().nullable(),
  created_at: z.iso.datetime(),
  accepted_at: moment('Null until it was accepted.'),
  delivered_at: moment('Null until it was delivered.'),
  disputed_at: moment('Null unless the poster disputed it.'),
  ended_at: moment('Null until it is completed or cancelled.'),
});

export const errandDetailSchema = errandSchema.extend({
  delivery: z
    .string()
    .nullable()
    .meta({ description: 'What the expert delivered; for the two parties and operators.' }),
});
export type ErrandDetailAnswer = z.infer<typeof errandDetailSchema>;

export const errandPageSchema = z.object({
  items: z.array(errandSchema),
  next_cursor: z.string().nullable().meta({ description: 'For the next page; null on the last.' }),
});
export type ErrandPageAnswer = z.infer<typeof errandPageSchema>;

const position = z.tuple([z.uuid()]);

/** The id before which a page begins. @throws `invalid_request` for a cursor that is none of ours */
export function readErrandCursor(cursor: string | undefined): string | undefined {
  return cursor === undefined ? undefined : decodeCursor(cursor, position)[0];
}

/** Reads an amount of coins of a request, zero or more. @throws `invalid_request` */
export function readCoins(amount: string, param: string): bigint {
  try {
    const coins = parseCoins(amount);
    if (coins >= 0n) return coins;
  } catch (error) {
    if (!(error instanceof CoinsFormatError)) throw error;
    throw invalidRequest({ param, detail: error.message });
  }
  throw invalidRequest({ param, detail: `${param} must not be negative.` });
}

/** Reads a reward: more than zero. @throws `invalid_request` */
export function readReward(amount: string): bigint {
  const reward = readCoins(amount, 'reward');
  if (reward === 0n) throw invalidRequest({ param: 'reward', detail: 'reward must be more than zero.' });
  return reward;
}

export function toErrandPageAnswer({ errands, nextId }: ErrandPage): ErrandPageAnswer {
  return {
    items: errands.map(toErrandAnswer),
    next_cursor: nextId === null ? null : encodeCursor([nextId]),
  };
}

export function toErrandDetailAnswer(errand: Errand, delivery: string | null): ErrandDetailAnswer {
  return { ...toErrandAnswer(errand), delivery };
}

function toErrandAnswer(errand: Errand): z.infer<typeof errandSchema> {
  const endsByItself = ['open', 'accepted', 'delivered'].includes(errand.state);
  return {
    id: errand.id,
    poster_id: errand.posterId,
    expert_id: errand.expertId,
    state: errand.state,
    outcome: errand.outcome,
    title: errand.title,
    description: errand.description,
    reward: formatCoins(errand.reward),
    payment: errand.payment === null ? null : formatCoins(errand.payment),
    deadline_at: errand.deadlineAt.toISOString(),
    ends_at: endsByItself ? toText(errand.dueAt) : null,
    dispute_reason: errand.disputeReason,
    decision_note: errand.decisionNote,
    created_at: errand.createdAt.toISOString(),
    accepted_at: toText(errand.acceptedAt),
    delivered_at: toText(errand.deliveredAt),
    disputed_at: toText(errand.disputedAt),
    ended_at: toText(errand.endedAt),
  };
}

function toText(moment: Date | null): string | null {
  return moment === null ? null : moment.toISOString();
}

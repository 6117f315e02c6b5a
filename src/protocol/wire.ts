import type { z } from 'zod';

/**
 * What a schema describes, as whoever receives it sees it: nothing in it is there to be changed.
 * Types of the client are made from the schemas that the server checks its answers by.
 */
export type Wire<Schema extends z.ZodType> = Unchanging<z.output<Schema>>;

type Unchanging<T> = T extends readonly (infer Item)[]
  ? readonly Unchanging<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Unchanging<T[Key]> }
    : T;

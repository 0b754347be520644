/** The columns that a commit writes of a row, with their types in the database. */
export type Columns<Row> = { readonly [Column in keyof Row]: SqlType };
type SqlType = 'text' | 'bigint' | 'integer' | 'boolean' | 'jsonb' | 'double precision';

/** The same of a hot table, whose rows are replaced: with what tells them apart. */
export interface HotColumns<Row> {
  readonly key: readonly (keyof Row & string)[];
  readonly columns: Columns<Row>;
}

/** A JSON Schema, as far as this project looks into one. */
export interface JsonSchema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly [keyword: string]: unknown;
}

/** The part of a schema that governs a path; of alternatives, the one whose required keys `value` has. */
export const schemaAt = (
  root: JsonSchema,
  path: readonly (string | number)[],
  value: unknown,
): JsonSchema | undefined => {
  let schema: JsonSchema | undefined = root;
  let here = value;
  for (const key of path) {
    schema = schema && step(alternative(schema, here), key);
    here = member(here, key);
  }
  return schema && alternative(schema, here);
};

const step = (schema: JsonSchema, key: string | number): JsonSchema | undefined => {
  if (typeof key === 'number') return schema.items;
  if (schema.properties && Object.hasOwn(schema.properties, key)) return schema.properties[key];
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
};

const alternative = (schema: JsonSchema, value: unknown): JsonSchema => {
  const fits = (option: JsonSchema) => option.required?.some((key) => member(value, key) !== undefined);
  return schema.anyOf?.find(fits) ?? schema;
};

/** A member of a JSON value by key or index; undefined where there is none. */
export const member = (value: unknown, key: string | number): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string | number, unknown>)[key]
    : undefined;

import { Column, type DriverValueDecoder, is, SQL, Subquery } from "drizzle-orm";
import type { NodePgSession } from "drizzle-orm/node-postgres";
import type { ExtractTablesWithRelations } from "drizzle-orm/relations";

type NoSchema = Record<string, never>;
type Prepared = Parameters<NodePgSession<NoSchema, ExtractTablesWithRelations<NoSchema>>["prepareQuery"]>;
type Fields = NonNullable<Prepared[1]>;

type Decode = (value: unknown) => unknown;

/**
 * Makes rows of values into objects as Drizzle does, with the same decoders, but finds out only once a statement, instead of for every
 * value, how a field is decoded. Undefined for nested objects, in which a left join may leave a whole table out: those stay Drizzle's.
 */
export function flatRowMapper(fields: Fields): ((rows: unknown[][]) => Record<string, unknown>[]) | undefined {
	if (fields.some(({ path }) => path.length !== 1)) return undefined;
	const plan = fields.map(({ path, field }) => ({ name: path[0] as string, decode: decoderOf(field) }));
	return (rows) =>
		rows.map((row) => {
			const object: Record<string, unknown> = {};
			for (let index = 0; index < plan.length; index++) {
				const { name, decode } = plan[index] as (typeof plan)[number];
				const value = row[index];
				object[name] = value === null || decode === undefined ? value : decode(value);
			}
			return object;
		});
}

/** Undefined where the driver's value is the value. */
function decoderOf(field: Fields[number]["field"]): Decode | undefined {
	const decoder = is(field, Column) ? field : decoderOfSql(is(field, Subquery) ? field._.sql : field);
	if (decoder.mapFromDriverValue === Column.prototype.mapFromDriverValue) return undefined;
	return (value) => decoder.mapFromDriverValue(value);
}

/** Drizzle keeps the decoder of an expression (`mapWith`) out of its types. */
function decoderOfSql(field: SQL | SQL.Aliased): DriverValueDecoder<unknown, unknown> {
	const { decoder } = (is(field, SQL) ? field : field.sql) as unknown as {
		decoder: DriverValueDecoder<unknown, unknown>;
	};
	return decoder;
}

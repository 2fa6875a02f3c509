import type pg from "pg";

/** Bytes of a table with its indexes and TOAST. */
export interface TableSize {
	schema: string;
	table: string;
	bytes: number;
}

/** Every table of the product's own schemas. */
export async function tableSizes(client: pg.Client): Promise<TableSize[]> {
	const { rows } = await client.query<{ schema: string; table: string; bytes: string }>(
		`select n.nspname as schema, c.relname as table, pg_total_relation_size(c.oid) as bytes
		from pg_class c join pg_namespace n on n.oid = c.relnamespace
		where c.relkind in ('r', 'm') and n.nspname !~ '^(pg_|information_schema)'`,
	);
	return rows.map((row) => ({ ...row, bytes: Number(row.bytes) }));
}

interface Column {
	name: string;
	is_time: boolean;
}

async function columnsOf(client: pg.Client, table: string): Promise<Column[]> {
	const { rows } = await client.query<Column>(
		`select attname as name, atttypid = 'timestamptz'::regtype as is_time from pg_attribute
		where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = ''`,
		[`tasks.${table}`],
	);
	return rows;
}

/** Copies rows of a table of tasks: every time moved back by the copy's age, and these columns replaced. */
async function copyRows(
	client: pg.Client,
	table: string,
	replaced: Readonly<Record<string, string>>,
	from: string,
): Promise<void> {
	const columns = await columnsOf(client, table);
	const values = columns.map(
		({ name, is_time }) => replaced[name] ?? (is_time ? `t."${name}" - c.age` : `t."${name}"`),
	);
	await client.query(
		`insert into tasks."${table}" (${columns.map(({ name }) => `"${name}"`).join(", ")}) select ${values.join(", ")} from ${from}`,
	);
}

/**
 * Fills the history of runs until it holds about so many operations: copies of runs that the product itself made, in turn, one every ten
 * minutes into the past, with their operations and output. Whatever columns the tables have, the copies differ in ids and times only.
 */
export async function fillRuns(client: pg.Client, run_ids: readonly string[], operations: number): Promise<number> {
	const { rows } = await client.query<{ count: string }>(
		"select count(*) / count(distinct run_id)::numeric as count from tasks.operations where run_id = any($1)",
		[run_ids],
	);
	const copies = Math.ceil(operations / Number(rows[0]?.count));
	await client.query("set work_mem = '256MB'");
	await client.query(
		`create temp table copies as
		select ($1::uuid[])[1 + n % cardinality($1::uuid[])] as of, uuidv7(- n * interval '10 minutes') as id, n * interval '10 minutes' as age
		from generate_series(1, $2::int) as n`,
		[run_ids, copies],
	);
	await client.query(
		`create temp table operation_copies as
		select c.age, c.id as run_id, o.id as of, uuidv7(- c.age) as id from copies c join tasks.operations o on o.run_id = c.of`,
	);
	await client.query("analyze copies, operation_copies");
	await copyRows(
		client,
		"runs",
		{ id: "c.id", idempotency_key: "'copy ' || c.id", subject_id: "gen_random_uuid()" },
		"copies c join tasks.runs t on t.id = c.of order by c.age desc",
	);
	await copyRows(
		client,
		"operations",
		{ id: "c.id", run_id: "c.run_id" },
		"operation_copies c join tasks.operations t on t.id = c.of order by c.age desc",
	);
	await copyRows(client, "output_heads", { run_id: "c.id" }, "copies c join tasks.output_heads t on t.run_id = c.of");
	await copyRows(
		client,
		"output_chunks",
		{ run_id: "c.run_id", operation_id: "c.id" },
		"operation_copies c join tasks.output_chunks t on t.operation_id = c.of order by c.age desc",
	);
	// What autovacuum does within minutes of such growth.
	await client.query("vacuum analyze tasks.runs, tasks.operations, tasks.output_heads, tasks.output_chunks");
	const { rows: after } = await client.query<{ count: string }>("select count(*) from tasks.operations");
	return Number(after[0]?.count);
}
